import { TemplateError } from './template-error.ts'

interface Flags {
  readonly ignoreCase?: boolean
  readonly multiline?: boolean
  /** Whether all matches are looked for. Default: true. */
  readonly all?: boolean
}

/**
 * Python's regular expression as JavaScript's: `(?P<name>...)`, `(?i)` at the start, `\A` and `\Z` are translated.
 *
 * @throws TemplateError
 */
export function pythonRegex(pattern: unknown, { ignoreCase, multiline, all = true }: Flags = {}): RegExp {
  const [, inline = '', rest = ''] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(String(pattern)) ?? []
  const source = rest
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/\\([AZ])/g, (_, end: string) => (end === 'A' ? '(?<![\\s\\S])' : '(?![\\s\\S])'))
  const flags = new Set([
    ...inline,
    ...(ignoreCase ? 'i' : ''),
    ...(multiline ? 'm' : ''),
    ...(all ? 'g' : ''),
  ])
  try {
    return new RegExp(source, [...flags].join(''))
  } catch {
    throw new TemplateError(`the regular expression ${JSON.stringify(pattern)} cannot be read`)
  }
}

/** Puts in what Python's `\1`, `\g<1>` and `\g<name>` stand for. */
export function replacement(template: string): (...match: unknown[]) => string {
  return (...match) => {
    const groups = typeof match.at(-1) === 'object' ? (match.at(-1) as Record<string, string>) : {}
    return template.replace(
      /\\(?:g<(\w+)>|([1-9]\d?)|(\\)|n)/g,
      (whole, name?: string, digits?: string, slash?: string) => {
        if (slash !== undefined) return '\\'
        if (whole === '\\n') return '\n'
        const key = name ?? (digits as string)
        return String((/^\d+$/.test(key) ? match[Number(key)] : groups[key]) ?? '')
      },
    )
  }
}
