import type { Become } from '../transport/settings.ts'
import { SyntaxProblem } from './syntax-problem.ts'

type Method = NonNullable<Become['method']>

interface Accepted {
  /** Letters of flags without a value. */
  readonly plain: string
  /** Letters of flags with one. */
  readonly valued: string
  /** Long ones; those that end with `=` have a value. */
  readonly long: readonly string[]
  /** What we give ourselves. */
  readonly own: readonly string[]
}

// What changes neither who we become, nor how the password is asked for, nor what is run.
const ACCEPTED: Readonly<Record<Method, Accepted>> = {
  sudo: {
    plain: 'HSnEPNk',
    valued: 'grtTD',
    long: [
      ...['--set-home', '--preserve-env', '--preserve-env=', '--preserve-groups', '--no-update'],
      ...['--reset-timestamp', '--group=', '--role=', '--type=', '--command-timeout=', '--chdir='],
      ...['--stdin', '--non-interactive'],
    ],
    own: ['-S', '-n', '--stdin', '--non-interactive'],
  },
  su: {
    plain: 'lmp',
    valued: 'gG',
    long: ['--login', '--preserve-environment', '--group=', '--supp-group='],
    own: [],
  },
  doas: { plain: 'n', valued: '', long: [], own: ['-n'] },
}

/**
 * The flags of sudo, su or doas as we hand them on: one a word, without those that we give ourselves.
 *
 * @throws SyntaxProblem for one that cannot be honoured.
 */
export function becomeFlags(words: readonly string[], method: Method): string[] {
  const accepted = ACCEPTED[method]
  const flags: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string
    if (word === '-' && method === 'su') flags.push('-l')
    else if (word.startsWith('--')) flags.push(longFlag(word, accepted, method))
    else if (/^-./.test(word)) {
      const [letters, value] = shortFlags(word, accepted, method)
      flags.push(...letters.map((letter) => `-${letter}`))
      if (value === '') at += 1
      if (value !== undefined) flags.push(value === '' ? (words[at] ?? '') : value)
    } else throw refused(word, method)
  }
  return flags.filter((flag) => !accepted.own.includes(flag))
}

function longFlag(word: string, { long }: Accepted, method: Method): string {
  const name = word.replace(/=.*/s, '=')
  if (!long.includes(name)) throw refused(word, method)
  return word
}

/** `-HE` → `H`, `E`; the last may have a value, which is empty where it is the next word. */
function shortFlags(
  word: string,
  { plain, valued }: Accepted,
  method: Method,
): [letters: string[], value: string | undefined] {
  const letters: string[] = []
  for (const [index, letter] of [...word.slice(1)].entries()) {
    letters.push(letter)
    if (valued.includes(letter)) return [letters, word.slice(index + 2)]
    if (!plain.includes(letter)) throw refused(`-${letter}`, method)
  }
  return [letters, undefined]
}

function refused(flag: string, method: Method): SyntaxProblem {
  const { plain, valued } = ACCEPTED[method]
  const known = [...plain, ...valued].map((letter) => `-${letter}`).join(' ')
  const hint = flag === '-u' ? 'Set ansible_become_user.' : `Of ${method}'s flags these can be: ${known}.`
  return new SyntaxProblem(`flags of ${method} that can be honoured, and ${flag} cannot`, { hint })
}
