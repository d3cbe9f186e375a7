import { createHash } from 'node:crypto'
import { argument, type PlainFilter } from './filter-types.ts'
import { splitText, stripText } from './functions.ts'
import { isTrue } from './operators.ts'
import { pythonRegex, replacement } from './regex.ts'
import { TemplateError } from './template-error.ts'
import { toText } from './text.ts'

/** Filters that make text, or read it. */
export const TEXT_FILTERS: Readonly<Record<string, PlainFilter>> = {
  string: toText,
  lower: (value) => toText(value).toLowerCase(),
  upper: (value) => toText(value).toUpperCase(),
  capitalize: (value) => capitalize(toText(value)),
  title: (value) =>
    toText(value)
      .split(/([-\s({[<]+)/)
      .map(capitalize)
      .join(''),
  trim: (value, args) =>
    stripText(toText(value), argument(args, 0, 'chars') as string | undefined, true, true),
  replace: (value, args) => replaceText(toText(value), args.positional),
  split: (value, args) => splitText(toText(value), argument(args, 0, 'sep')),
  indent: (value, args) =>
    indent(toText(value), argument(args, 0, 'width') ?? 4, isTrue(argument(args, 1, 'first'))),
  quote: (value) => quote(toText(value)),
  basename: (value) => toText(value).replace(/^.*\//s, ''),
  dirname: (value) => toText(value).replace(/\/*[^/]*$/, '') || (toText(value).startsWith('/') ? '/' : ''),
  b64encode: (value) => Buffer.from(toText(value)).toString('base64'),
  b64decode: (value) => Buffer.from(toText(value), 'base64').toString(),
  hash: (value, args) => digest(toText(value), argument(args, 0, 'hashtype') ?? 'sha1'),
  regex_escape: (value) => toText(value).replace(/[.*+?^${}()|[\]\\#&~-]/g, '\\$&'),
  regex_replace(value, args) {
    const pattern = pythonRegex(argument(args, 0, 'pattern') ?? '', flags(args, 2))
    return toText(value).replace(pattern, replacement(toText(argument(args, 1, 'replacement') ?? '')))
  },
  regex_findall: (value, args) =>
    [...toText(value).matchAll(pythonRegex(argument(args, 0, 'pattern'), flags(args, 1)))].map(
      ([whole, ...groups]) => (groups.length > 1 ? groups : (groups[0] ?? whole)),
    ),
  regex_search(value, args) {
    const pattern = pythonRegex(argument(args, 0, 'pattern'), { ...flags(args, Number.NaN), all: false })
    const match = pattern.exec(toText(value))
    const groups = args.positional
      .slice(1)
      .map((group) => String(group).replace(/^\\(?:g<(\w+)>|(\d+))$/, '$1$2'))
    if (match === null) return null
    if (groups.length === 0) return match[0]
    return groups.map((group) => (/^\d+$/.test(group) ? match[Number(group)] : match.groups?.[group]) ?? null)
  },
}

function flags(args: Parameters<PlainFilter>[1], index: number): { ignoreCase: boolean; multiline: boolean } {
  return {
    ignoreCase: isTrue(argument(args, index, 'ignorecase')),
    multiline: isTrue(argument(args, index + 1, 'multiline')),
  }
}

/** As Python's shlex.quote. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).toLowerCase()
}

function replaceText(text: string, [from, to, count]: readonly unknown[]): string {
  if (from === undefined || to === undefined)
    throw new TemplateError('replace needs what to replace, and by what')
  if (count === undefined || count === null) return text.replaceAll(toText(from), () => toText(to))
  const parts = text.split(toText(from))
  const head = parts.slice(0, Number(count) + 1).join(toText(to))
  return [head, ...parts.slice(Number(count) + 1)].join(toText(from))
}

function indent(text: string, width: unknown, first: boolean): string {
  const space = typeof width === 'number' ? ' '.repeat(Math.min(width, 1000)) : toText(width)
  return text
    .split('\n')
    .map((line, index) => (line === '' || (index === 0 && !first) ? line : space + line))
    .join('\n')
}

function digest(text: string, algorithm: unknown): string {
  if (!['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].includes(String(algorithm))) {
    throw new TemplateError(`there is no hash ${String(algorithm)}`, 'sha256, for example')
  }
  return createHash(String(algorithm)).update(text).digest('hex')
}
