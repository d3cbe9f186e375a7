import { inspect } from 'node:util'
import { type Problem, QuorateError, UsageError } from '../errors.ts'
import { cleanText } from './clean.ts'
import { createPalette, type Palette, wantsColor } from './color.ts'
import { excerpt } from './excerpt.ts'
import { mapStack, showPlace } from './stack.ts'
import { indentLines } from './text.ts'

export interface PrintErrorOptions {
  /** `--color` or `--no-color`. Default: NO_COLOR, FORCE_COLOR, then whether `stderr` is a terminal. */
  readonly color?: boolean | undefined
}

/** Tells why a run could not start or go on: problems and hints for the user, a mapped stack for a bug. */
export function printError(
  error: unknown,
  stderr: { write(text: string): unknown; readonly isTTY?: boolean },
  options: PrintErrorOptions = {},
): void {
  const color = wantsColor({ flag: options.color, env: process.env, isTTY: stderr.isTTY ?? false })
  stderr.write(`${errorLines(error, createPalette(color)).join('\n')}\n`)
}

/** The lines that `printError` writes. */
export function errorLines(error: unknown, palette: Palette): string[] {
  if (error instanceof UsageError) return error.problems.flatMap((problem) => problemLines(problem, palette))
  if (error instanceof QuorateError) return problemLines(error, palette)
  const stack = error instanceof Error ? inspect(error) : `thrown: ${inspect(error)}`
  return [
    `${palette.failed('bug:')} this is a mistake in the playbook, in a role or in Quorate, not in what you asked for`,
    ...indentLines(cleanText(mapStack(stack)), '    '),
  ]
}

function problemLines(problem: Problem | QuorateError, palette: Palette): string[] {
  const place = 'place' in problem ? problem.place : undefined
  const text = cleanText(`${place === undefined ? '' : `${showPlace(place)}: `}${problem.message}`)
  const [first = '', ...rest] = text.trimEnd().split('\n')
  const below = [
    ...(place === undefined ? [] : excerpt(place)),
    ...(problem.hint === undefined ? [] : [problem.hint]),
  ]
  return [
    `${palette.failed('error:')} ${first}`,
    ...rest.map((line) => `    ${line}`.trimEnd()),
    ...below.flatMap((each) => indentLines(cleanText(each), '    ')),
  ]
}
