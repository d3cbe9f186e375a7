import { realpathSync } from 'node:fs'
import { basename, dirname, relative } from 'node:path'
import type { z } from 'zod'
import { callPlace } from './engine/place.ts'
import type { Place, Problem } from './errors.ts'
import type { GroupAliases } from './inventory/group-aliases.ts'
import type { Host } from './inventory/host.ts'
import type { AppliedRole } from './role.ts'

export interface PlayOptions {
  /** Names to select the play by. Every role's name is a tag as well. Default: none. */
  readonly tags?: readonly string[]
  /** How many hosts at a time, as Ansible's `serial`: a number, `'30%'`, or a list of them. Default: all. */
  readonly serial?: number | string | readonly (number | string)[]
  /**
   * How many failed or unreachable hosts (a number, or a share such as `'20%'`) the play may have before the whole run
   * stops. Default: a host that fails is left behind and the others go on, but all must be reachable at the start.
   */
  readonly maxFailures?: number | string
  /** The first failed or unreachable host stops the whole run: `maxFailures: 0` by Ansible's name. Default: false. */
  readonly anyErrorsFatal?: boolean
}

/** Which roles run on which hosts. */
export interface Play extends PlayOptions {
  readonly name: string
  readonly hosts: readonly Host[]
  readonly roles: readonly AppliedRole[]
  readonly place: Place | undefined
}

/** What a playbook's `plays` is made from. */
export interface PlaybookTools<Vars> {
  /** The playbook's own variables, typed by its schema. */
  readonly vars: Vars
  /** All hosts of a group, in inventory order (a limit does not make it shorter). Unknown groups are an error. */
  group(name: string): Host[]
  /** All hosts that a pattern names: `all`, `etcd:&rack1`. */
  hosts(pattern: string): Host[]
  /** The words beside the flags that `args` asked for. */
  readonly args: readonly string[]
  /** The plays of another playbook, its variables read as if it were run; `tags` are added to all of them. */
  include(playbook: Playbook, options?: { readonly tags?: readonly string[] }): Promise<readonly Play[]>
  /** A path of the control machine from a variable: a relative one starts at the inventory's folder, whatever the current one. */
  path(path: string): string
  /** Notes what is wrong: told with all other problems, before a host is connected to. */
  refuse(...problems: readonly Problem[]): void
}

export interface PlaybookDefinition<Schema extends z.ZodType> {
  /** The playbook's own variables; read from the group `all`. Default: none. */
  readonly vars?: Schema
  /** Names that other tools' inventories have for the groups it asks for: `{ 'kube-master': ['kube_control_plane'] }`. Default: none. */
  readonly groupAliases?: GroupAliases
  /** Words that it takes beside flags, as the help names them; brackets for what may be left out: `ROLE [PATTERN]`. Default: none. */
  readonly args?: string
  /** `facts`: changes nothing and checks nothing, shows what each host is. Default: what a run does. */
  readonly shows?: 'facts'
  /** May be asynchronous: to read a file of this machine, say. Nothing is connected yet. */
  readonly plays: (tools: PlaybookTools<z.output<Schema>>) => readonly Play[] | Promise<readonly Play[]>
}

/** A playbook: plays as data, made once the inventory is known. */
export interface Playbook {
  readonly name: string
  /** Where its file is. */
  readonly directory?: string | undefined
  readonly definition: PlaybookDefinition<z.ZodType>
}

/** Roles for hosts. A plain value: nothing runs until the playbook does. */
export function play(
  name: string,
  hosts: readonly Host[],
  roles: readonly AppliedRole[],
  options: PlayOptions = {},
): Play {
  return { name, hosts, roles, place: callPlace(), ...options }
}

/**
 * Defines a playbook, and runs it if its file is the one that was started (`zx playbooks/x.mjs -i hosts.ini`); imported
 * by another file it is only a value. The process' exit code is set: see `--help`.
 *
 * @example
 * export default await playbook('Message of the day', {
 *   plays: ({ group }) => [play('motd', group('all'), [motd({ text: 'hello' })])],
 * })
 */
export async function playbook<Schema extends z.ZodType>(
  name: string,
  definition: PlaybookDefinition<Schema>,
): Promise<Playbook> {
  const file = callPlace()?.file
  const result: Playbook = {
    name,
    directory: file === undefined ? undefined : dirname(file),
    definition: definition as unknown as PlaybookDefinition<z.ZodType>,
  }
  const position =
    file === undefined ? -1 : process.argv.findIndex((arg, index) => index > 0 && isSameFile(arg, file))
  if (file === undefined || position === -1) return result
  const { main } = await import('./cli.ts')
  const starter = basename(process.argv[1] as string).startsWith('zx') || position > 1 ? 'zx' : 'node'
  await main(result, process.argv.slice(position + 1), `${starter} ${shortest(file)}`)
  return result
}

function shortest(file: string): string {
  const path = relative(process.cwd(), file)
  return path.startsWith('..') ? file : path
}

function isSameFile(arg: string, file: string): boolean {
  try {
    return realpathSync(arg) === realpathSync(file)
  } catch {
    return false
  }
}
