import { randomBytes } from 'node:crypto'
import { quote } from '../quote.ts'
import type { Become } from './settings.ts'

/** How a program is started as another user, and what is asked in between. */
export interface Elevation {
  readonly argv: readonly string[]
  /** The question for the password; undefined where there must be none. */
  readonly question: RegExp | undefined
}

/** What went wrong, by what the program said. */
export type Complaint =
  | 'wrong password'
  | 'password wanted'
  | 'not allowed'
  | 'not installed'
  | 'unknown user'

interface BecomeMethod {
  command(argv: readonly string[], become: Become): Elevation
  readonly complaints: readonly (readonly [said: RegExp, Complaint])[]
}

// doas asks on a terminal only, and script(1) gives it one: the question goes to our stderr, the answer, one line of
// our stdin, to that terminal. What doas starts has our own streams. Where it does not ask, nothing may be taken.
// Where it refuses without asking, who waits for the answer must go too.
const ON_TERMINAL = `command -v doas >/dev/null || { echo "doas: not found" >&2; exit 127; }
if doas -n -u "$1" sh -c : </dev/null 2>/dev/null; then exec doas -n -u "$1" sh -c "$2"; fi
command -v script >/dev/null || { echo "doas: a tty is required, and there is no script(1) to make one" >&2; exit 1; }
exec 3<&0 4>&1 5>&2
export QUORATE_USER="$1" QUORATE_RUN="$2" SHELL=/bin/sh
{ IFS= read -r p <&3 && printf '%s\\n' "$p"; } 4>&- 5>&- |
{ script -qec 'exec doas -u "$QUORATE_USER" sh -c "$QUORATE_RUN" <&3 >&4 2>&5 3<&- 4>&- 5>&-' /dev/null >&5 || kill 0; }`

export const BECOME_METHODS: Readonly<Record<NonNullable<Become['method']>, BecomeMethod>> = {
  sudo: {
    command(argv, { user, password, flags = ['-H'], program = ['sudo'] }) {
      const common = [...flags, '-u', user, '--', ...argv]
      if (password === undefined) return { argv: [...program, '-n', ...common], question: undefined }
      const prompt = `[quorate ${randomBytes(8).toString('hex')}]`
      return { argv: [...program, '-S', '-p', prompt, ...common], question: new RegExp(`\\${prompt}`) }
    },
    complaints: [
      [/incorrect password attempt/, 'wrong password'],
      [/a password is required/, 'password wanted'],
      [/not in the sudoers file|not allowed to (execute|run)|may not run sudo/, 'not allowed'],
      [/sudo: (command )?not found|sudo: No such file/, 'not installed'],
      [/unknown user/, 'unknown user'],
    ],
  },
  su: {
    command: (argv, { user, flags = [], program = ['su'] }) => ({
      argv: [
        ...['env', 'LC_ALL=C', ...program, ...flags, '-s', '/bin/sh'],
        ...['-c', `exec ${argv.map(quote).join(' ')}`, user],
      ],
      question: /password[^:\n]*: ?$/i,
    }),
    complaints: [
      [/su: (Authentication failure|incorrect password)/, 'wrong password'],
      [/su: (must be run from a terminal|Authentication token manipulation)/, 'password wanted'],
      [/su: Permission denied/, 'not allowed'],
      [/su.?: (command )?not found|su.?: No such file/, 'not installed'],
      [/user \S+ does not exist|[uU]nknown (id|user)|No passwd entry/, 'unknown user'],
    ],
  },
  doas: {
    command(argv, { user, password }) {
      if (password === undefined) return { argv: ['doas', '-n', '-u', user, ...argv], question: undefined }
      const run = `exec ${argv.map(quote).join(' ')}`
      return {
        argv: ['sh', '-c', ON_TERMINAL, 'sh', user, run],
        question: /doas \([^)]*\) password: |[Pp]assword: ?$/,
      }
    },
    complaints: [
      [/doas: Authentication failed/, 'wrong password'],
      [/doas: (Authentication required|a tty is required)/, 'password wanted'],
      [/doas: Operation not permitted/, 'not allowed'],
      [/doas: (command )?not found|doas: No such file/, 'not installed'],
      [/unknown user/, 'unknown user'],
    ],
  },
}
