/** Markup that may go into a page as it is. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Piece = string | number | Markup | undefined | readonly Piece[]

/** Markup in which every value is escaped, unless it is markup itself; of lists all items, of undefined nothing. */
export function html(pieces: TemplateStringsArray, ...values: Piece[]): Markup {
  return new Markup(pieces.reduce((text, piece, index) => text + markup(values[index - 1]) + piece))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function markup(value: Piece): string {
  if (value === undefined) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(markup).join('')
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] as string)
}
