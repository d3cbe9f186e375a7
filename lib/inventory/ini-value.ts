import type { Place } from '../errors.ts'
import type { Draft } from './draft.ts'
import { parseLiteral } from './python-literal.ts'
import type { Value } from './types.ts'

/** The value that the text behind `=` stands for: a Python literal if it is one, else the text itself. */
export function readIniValue(draft: Draft, name: string, text: string, place: Place): Value {
  const literal = parseLiteral(text)
  if (literal === undefined) return text
  // Python reads `12#34` as 12 with a comment, even where quotes kept the `#` so far.
  if (literal.comment !== undefined && !/\s/.test(text.charAt(literal.comment - 1))) {
    draft.warnings.push({
      message: `the value of ${name} ends before its '#', which starts a comment`,
      place,
      hint: `To keep it, quote it twice: ${name}='"..."' on a host's line, ${name}="..." below [group:vars].`,
    })
  }
  return literal.value
}
