import { SyntaxProblem } from './syntax-problem.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const INTEGER = /^\s*[+-]?\d+(?:_\d+)*\s*$/
const EXAMPLES = 'Ranges look like web[1:3], web[01:10], web[0:10:2] or db-[a:f].'
// More than any inventory holds; a typing error like [1:99999999] must not eat the memory.
const MOST_HOSTS = 100_000

/**
 * The names that `[begin:end:step]` ranges in a host pattern stand for, both ends included; the leftmost range
 * varies slowest. A begin with leading zeros pads. Reversed numbers give no names at all, as in Ansible.
 *
 * @throws SyntaxProblem
 */
export function expandHostRange(pattern: string): string[] {
  let heads = ['']
  let rest = pattern
  while (rest.includes('[')) {
    const { head, range, tail } = splitAtRange(rest, pattern)
    const steps = rangeSteps(range)
    if (heads.length * steps.length > MOST_HOSTS) {
      throw new SyntaxProblem(`'${pattern}' stands for more than ${MOST_HOSTS} hosts`, { hint: EXAMPLES })
    }
    heads = heads.flatMap((before) => steps.map((step) => before + head + step))
    rest = tail
  }
  return heads.map((head) => head + rest)
}

function splitAtRange(text: string, pattern: string): { head: string; range: string; tail: string } {
  const open = text.indexOf('[')
  const close = text.indexOf(']')
  if (text.includes('|')) throw new SyntaxProblem(`'|' cannot be in a host range: '${pattern}'`)
  if (close < open) throw new SyntaxProblem(`unbalanced brackets in '${pattern}'`, { hint: EXAMPLES })
  return { head: text.slice(0, open), range: text.slice(open + 1, close), tail: text.slice(close + 1) }
}

function rangeSteps(range: string): string[] {
  const [begin, end, step = '1', ...more] = range.split(':')
  if (begin === undefined || end === undefined || more.length > 0) throw invalid(range, 'is not a host range')
  if (end === '') throw invalid(range, 'has no end')
  return letterSteps(range, begin, end, step) ?? numberSteps(range, begin || '0', end, step)
}

function letterSteps(range: string, begin: string, end: string, step: string): string[] | undefined {
  const first = begin.length === 1 ? LETTERS.indexOf(begin) : -1
  const last = end.length === 1 ? LETTERS.indexOf(end) : -1
  if (first === -1 || last === -1) return undefined
  if (first > last) throw invalid(range, 'ends before it begins')
  return count(first, last, toStep(range, step)).map((index) => LETTERS.charAt(index))
}

function numberSteps(range: string, begin: string, end: string, step: string): string[] {
  if (!INTEGER.test(begin) || !INTEGER.test(end)) throw invalid(range, 'has ends of two kinds')
  const width = begin.length > 1 && begin.startsWith('0') ? begin.length : 0
  if (width > 0 && width !== end.length) throw invalid(range, 'pads, but its ends differ in length')
  return count(toInteger(begin), toInteger(end), toStep(range, step)).map((n) => pad(n, width))
}

function count(first: number, last: number, step: number): number[] {
  // Python ranges stop before `last + 1`, whichever way they run.
  const length = Math.max(0, Math.ceil((last + 1 - first) / step))
  if (length > MOST_HOSTS) {
    throw new SyntaxProblem(`a range stands for more than ${MOST_HOSTS} hosts`, { hint: EXAMPLES })
  }
  return Array.from({ length }, (_, index) => first + index * step)
}

function toStep(range: string, step: string): number {
  if (!INTEGER.test(step) || toInteger(step) === 0) throw invalid(range, 'has a wrong step')
  return toInteger(step)
}

function toInteger(text: string): number {
  return Number(text.replaceAll('_', ''))
}

function pad(n: number, width: number): string {
  return n < 0 ? `-${String(-n).padStart(width - 1, '0')}` : String(n).padStart(width, '0')
}

function invalid(range: string, what: string): SyntaxProblem {
  return new SyntaxProblem(`[${range}] ${what}`, { hint: EXAMPLES })
}
