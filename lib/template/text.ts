import { isDict, isList } from './values.ts'

/** Python's `str()`, as values look within text: `True`, `['a', 1]`. */
export function toText(value: unknown): string {
  return typeof value === 'string' ? value : repr(value)
}

/** Python's `json.dumps`, with its spaces and without letters beyond ASCII. */
export function toJson(value: unknown): string {
  if (isList(value)) return `[${value.map(toJson).join(', ')}]`
  if (isDict(value)) {
    const pairs = Object.entries(value).map(([key, item]) => `${toJson(key)}: ${toJson(item)}`)
    return `{${pairs.join(', ')}}`
  }
  return JSON.stringify(value).replace(/[\x7f-\uffff]/g, (char) => {
    const code = char.charCodeAt(0)
    return code === 0x7f ? char : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

function repr(value: unknown): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (isList(value)) return `[${value.map(repr).join(', ')}]`
  if (isDict(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
      .join(', ')}}`
  }
  return typeof value === 'string' ? quoted(value) : String(value)
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}
