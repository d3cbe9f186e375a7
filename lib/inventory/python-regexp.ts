const FLAGS = /^\(\?([aimsu]+)\)/
/** What Python writes differently, each behind any number of escaped characters. */
const DIALECT = /\\[AZ]|\(\?P<|\(\?P=(\w+)\)|\\[\s\S]/g

/**
 * A regular expression in Python's dialect, for matches at the start of a text (`re.match`).
 *
 * @throws SyntaxError for one that JavaScript cannot do
 */
export function pythonRegExp(source: string): RegExp {
  const [prefix = '', letters = ''] = FLAGS.exec(source) ?? []
  const flags = [...new Set(letters)].filter((letter) => 'ims'.includes(letter)).join('')
  const body = source.slice(prefix.length).replace(DIALECT, (part, name) => {
    if (part === '(?P<') return '(?<'
    if (name !== undefined) return `\\k<${name}>`
    return part === '\\A' ? '(?<![\\s\\S])' : part === '\\Z' ? '(?![\\s\\S])' : part
  })
  const anchored = `(?<![\\s\\S])(?:${body})`
  try {
    return new RegExp(anchored, `${flags}u`)
  } catch {
    // Escapes that mean nothing, such as `\-`, are allowed in Python.
    return new RegExp(anchored, flags)
  }
}
