import { parseArgs } from 'node:util'
import { type Problem, UsageError } from '../errors.ts'
import { didYouMean } from '../suggest.ts'

/** How `npm run lab` is called. */
export const LAB_USAGE = `Throw-away hosts for playbooks and tests: real systemd, sshd, packages and addresses.

  npm run lab -- up [--name LAB] [--hosts 3 | --hosts m1,m2,m3]   start a lab
  npm run lab -- status                                           what is up
  npm run lab -- ssh [--name LAB] HOST [COMMAND...]               a shell, or a command, on a host
  npm run lab -- down [--name LAB | --all]                        end a lab, leaving nothing behind

LAB is 'default' when it is not given.`

/** What the user of `npm run lab` asks for. */
export type LabCommand =
  | { readonly command: 'help' | 'status' }
  | { readonly command: 'up'; readonly name: string; readonly hosts: number | readonly string[] }
  | { readonly command: 'down'; readonly name: string; readonly all: boolean }
  | {
      readonly command: 'ssh'
      readonly name: string
      readonly host: string
      readonly remote: readonly string[]
    }

const COMMANDS = ['up', 'down', 'status', 'ssh', 'help']

/** Reads the arguments of `npm run lab`. @throws UsageError that says what would be right. */
export function parseLabCommand(args: readonly string[]): LabCommand {
  const [command = 'help', ...rest] = args
  switch (command) {
    case 'up':
      return parseUp(rest)
    case 'down':
      return parseDown(rest)
    case 'status':
      readOptions(rest, [])
      return { command }
    case 'ssh':
      return parseSsh(rest)
    case 'help':
    case '--help':
    case '-h':
      return { command: 'help' }
    default:
      throw usage(`there is no command '${command}'`, didYouMean(command, COMMANDS))
  }
}

function parseUp(args: readonly string[]): LabCommand {
  const { name = 'default', hosts = '3' } = readOptions(args, ['name', 'hosts'])
  return { command: 'up', name, hosts: /^-?\d+$/.test(hosts) ? Number(hosts) : hosts.split(',') }
}

function parseDown(args: readonly string[]): LabCommand {
  const { name, all } = readOptions(args, ['name'], ['all'])
  if (name !== undefined && all !== undefined) throw usage('--name and --all exclude each other')
  return { command: 'down', name: name ?? 'default', all: all !== undefined }
}

/** Options end where the host's name stands: what follows belongs to the command that runs there. */
function parseSsh(args: readonly string[]): LabCommand {
  const start = args.findIndex((arg, index) => !arg.startsWith('-') && args[index - 1] !== '--name')
  const { name = 'default' } = readOptions(start === -1 ? args : args.slice(0, start), ['name'])
  const host = args[start]
  if (host === undefined) throw usage('ssh needs the name of a host', 'For example: npm run lab -- ssh m1')
  return { command: 'ssh', name, host, remote: args.slice(start + 1) }
}

/** The given options by name, flags as an empty string. */
function readOptions(args: readonly string[], withValue: readonly string[], flags: readonly string[] = []) {
  const options = Object.fromEntries([
    ...withValue.map((name) => [name, { type: 'string' as const }]),
    ...flags.map((name) => [name, { type: 'boolean' as const }]),
  ])
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const given: Record<string, string> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') throw usage(`'${token.value}' is one argument too many`)
    if (token.kind === 'option-terminator') continue
    if (!(token.name in options))
      throw usage(
        `there is no option ${token.rawName}`,
        didYouMean(
          token.rawName,
          [...withValue, ...flags].map((name) => `--${name}`),
        ),
      )
    if (withValue.includes(token.name) && !token.value) throw usage(`${token.rawName} needs a value`)
    given[token.name] = token.value ?? ''
  }
  return given
}

function usage(message: string, hint?: string): UsageError {
  const problem: Problem = hint === undefined ? { message } : { message, hint }
  return new UsageError([problem])
}
