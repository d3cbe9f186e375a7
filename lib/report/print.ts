import { formatProblem, type Problem } from '../errors.ts'
import { mask } from '../secret.ts'

/** Writes an answer that the user asked for (`--help`, `--list-hosts`) to stdout. */
export function printText(text: string): void {
  process.stdout.write(mask(text))
}

/** Tells on stderr what is not an error but worth a look. */
export function printWarning(problem: Problem): void {
  process.stderr.write(mask(`warning: ${formatProblem(problem)}\n`))
}
