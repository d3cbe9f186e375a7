import { isUtf8 } from 'node:buffer'
import type { Problem } from '../errors.ts'

/** Where Python's `str.splitlines` ends a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python ends lines at these too
const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/
/** What Python's `str.strip` removes; JavaScript's `\s` lacks the separators and adds the byte order mark. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python strips these too
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/
const BYTE_ORDER_MARK = /^\uFEFF/

/**
 * The lines of an inventory file, split as Ansible splits them.
 * Bytes that are not UTF-8 are allowed in comment lines only; elsewhere each is a problem.
 */
export function textLines(bytes: Buffer, file: string): { lines: string[]; problems: Problem[] } {
  if (isUtf8(bytes)) {
    return { lines: bytes.toString('utf8').replace(BYTE_ORDER_MARK, '').split(LINE_END), problems: [] }
  }
  const problems: Problem[] = []
  const lines = bytes
    .toString('latin1')
    .split(/\r\n|[\n\r]/)
    .map((text, index) => {
      const line = Buffer.from(text, 'latin1')
      if (isUtf8(line)) return line.toString('utf8')
      if (!isComment(text.trimStart())) {
        problems.push({
          message: 'not UTF-8 text',
          place: { file, line: index + 1 },
          hint: 'Save the file as UTF-8.',
        })
      }
      return ''
    })
  return { lines, problems }
}

/** Whether a line that starts like this is a comment. */
export function isComment(line: string): boolean {
  return line.startsWith('#') || line.startsWith(';')
}

/** `text` without the white space around it, as Python sees white space, and how much was before it. */
export function strip(text: string): { text: string; indent: number } {
  let start = 0
  while (SPACE.test(text.charAt(start))) start++
  let end = text.length
  while (end > start && SPACE.test(text.charAt(end - 1))) end--
  return { text: text.slice(start, end), indent: start }
}
