/** Text that the inventory's grammar does not allow. The reader of the line turns it into a problem with a place. */
export class SyntaxProblem extends Error {
  /** What would be right. */
  readonly hint: string | undefined
  /** Where in the text it is wrong: a zero-based offset. */
  readonly offset: number

  constructor(message: string, options: { hint?: string; offset?: number } = {}) {
    super(message)
    this.hint = options.hint
    this.offset = options.offset ?? 0
  }
}
