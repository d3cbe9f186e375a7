/** Whether a text holds anything that Jinja would evaluate. */
export function isTemplate(text: string): boolean {
  return text.includes('{') && /\{[{%#]/.test(text)
}
