import { OPTIONS, type Option } from './options.ts'

/** The text of `--help`. */
export function helpText(playbook: {
  readonly name: string
  readonly command: string
  /** The words that it takes beside flags. */
  readonly usage?: string | undefined
}): string {
  const { name, usage } = playbook
  const command = usage === undefined ? playbook.command : `${playbook.command} ${usage}`
  const rows = Object.entries<Option>(OPTIONS).map(([flag, { short, value, help }]) => {
    const shown = `${short === undefined ? '   ' : `-${short},`} --${flag}${value === undefined ? '' : ` ${value}`}`
    return `  ${shown.padEnd(28)} ${help}`
  })
  return `${name}

Examples:
  ${command} -i inventory/hosts.ini                  bring all hosts to their desired state
  ${command} -i inventory/hosts.ini --check --diff   show what that would change
  ${command} -i inventory/hosts.ini --tags haproxy   one role only
  ${command} -i inventory/hosts.ini -l 'all:!m2'     leave a host out
  ${command} -i inventory/hosts.ini --limit-failed   again, where the last run failed
  ${command} -i inventory/hosts.ini --verify         is all well?

Options:
${rows.join('\n')}

Exit codes:
  0  all hosts are as desired         3  a host failed
  1  a fault in Quorate or a role     4  hosts could not be reached
  2  wrong flags, inventory or variables, or a plan that no longer fits; nothing was changed
  130, 143  interrupted (SIGINT, SIGTERM)
`
}
