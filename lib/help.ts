import { OPTIONS, type Option } from './options.ts'

/** A playbook as its help knows it. */
export interface HelpSubject {
  readonly name: string
  readonly command: string
  /** The words that it takes beside flags. */
  readonly usage?: string | undefined
}

const EXAMPLES: readonly (readonly [flags: string, what: string])[] = [
  ['', 'bring all hosts to their desired state'],
  [' --check --diff', 'show what that would change'],
  [' --tags haproxy', 'one role only'],
  [" -l 'all:!m2'", 'leave a host out'],
  [' --limit-failed', 'again, where the last run failed'],
  [' --verify', 'is all well?'],
]

/** What a run can end with. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'all hosts are as desired'],
  ['1', 'a fault in Quorate or a role'],
  ['2', 'wrong flags, inventory or variables, or a plan that no longer fits; nothing was changed'],
  ['3', 'a host failed'],
  ['4', 'hosts could not be reached'],
  ['130, 143', 'interrupted (SIGINT, SIGTERM)'],
]

/** The text of `--help`. */
export function helpText(subject: HelpSubject): string {
  const options = Object.entries<Option>(OPTIONS).map(([flag, { short, value, help }]) => {
    const shown = `${short === undefined ? '   ' : `-${short},`} --${flag}${value === undefined ? '' : ` ${value}`}`
    return [shown, help] as const
  })
  const column = Math.max(...options.map(([shown]) => shown.length))
  const width = Math.max(...examples(subject).map(([command]) => command.length))
  return `${subject.name}

Examples:
${examples(subject)
  .map(([command, what]) => `  ${command.padEnd(width)}   ${what}`)
  .join('\n')}

Options:
${options.map(([shown, help]) => `  ${shown.padEnd(column)}  ${help}`).join('\n')}

Exit codes:
${EXIT_CODES.map(([code, meaning]) => `  ${code.padEnd(8)}  ${meaning}`).join('\n')}
`
}

/** Command lines, and what each does. */
export function examples({ command, usage }: HelpSubject): (readonly [command: string, what: string])[] {
  const start = `${usage === undefined ? command : `${command} ${usage}`} -i inventory/hosts.ini`
  return EXAMPLES.map(([flags, what]) => [`${start}${flags}`, what])
}
