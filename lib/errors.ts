/** Where something was written: a line of an inventory, a variables file, a role or a playbook. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column?: number
}

/** One thing that is wrong with what the user gave, and what would be right. */
export interface Problem {
  readonly message: string
  readonly place?: Place
  /** What would be right: a suggestion, an example, the command to run. */
  readonly hint?: string
}

/** An error meant for the person who runs the tool: printed by its message, never with a stack. */
export class QuorateError extends Error {
  override readonly name: string = 'QuorateError'
  /** What to do about it. */
  readonly hint: string | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.hint = options.hint
  }
}

/** Wrong flags, inventory, variables or playbook: found before the first host is touched. Exit code 2. */
export class UsageError extends QuorateError {
  override readonly name = 'UsageError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** A host could not be connected to, or its connection was lost. Exit code 4. */
export class UnreachableError extends QuorateError {
  override readonly name = 'UnreachableError'
}

/** Text of one problem: `file:line:column: message`, and the hint on a line of its own. */
export function formatProblem({ message, place, hint }: Problem): string {
  const where = place === undefined ? '' : `${formatPlace(place)}: `
  return `${where}${message}${hint === undefined ? '' : `\n    ${hint}`}`
}

/** `file:line` or `file:line:column`. */
export function formatPlace({ file, line, column }: Place): string {
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`
}
