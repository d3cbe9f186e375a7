import { formatPlace, type Problem } from '../errors.ts'
import { mask } from '../secret.ts'
import { cleanText } from './clean.ts'
import { excerpt } from './excerpt.ts'
import { indentLines } from './text.ts'

/** Writes an answer that the user asked for (`--help`, `--list-hosts`) to stdout. */
export function printText(text: string): void {
  process.stdout.write(mask(text))
}

/** What `printWarning` writes: as of an error, with the line that it is about. */
export function warningLines({ message, place, hint }: Problem): string[] {
  const where = place === undefined ? '' : `${formatPlace(place)}: `
  const below = [...(place === undefined ? [] : excerpt(place)), ...(hint === undefined ? [] : [hint])]
  const [first = '', ...rest] = cleanText(`warning: ${where}${message}`).split('\n')
  return [first, ...[...rest, ...below].flatMap((each) => indentLines(cleanText(each), '    '))]
}

/** Tells on stderr what is not an error but worth a look. */
export function printWarning(problem: Problem): void {
  process.stderr.write(`${warningLines(problem).join('\n')}\n`)
}
