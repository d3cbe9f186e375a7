/** An expression that cannot be evaluated. Whoever knows the variable adds its name and place. */
export class TemplateError extends Error {
  /** What would be right. */
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}
