import { resolve } from 'node:path'
import { policyProblems } from './check-policy.ts'
import { callPlace } from './engine/place.ts'
import type { ReadyPlay } from './engine/run.ts'
import { type Problem, QuorateError, UsageError } from './errors.ts'
import { withGroupAliases } from './inventory/group-aliases.ts'
import type { Host } from './inventory/host.ts'
import {
  checkAddresses,
  connectionSettings,
  evaluateInventory,
  hostAddress,
  limitHosts,
  selectHosts,
  valuesByName,
} from './inventory/index.ts'
import type { Inventory, InventoryHost } from './inventory/types.ts'
import type { Play, Playbook, PlaybookTools } from './playbook.ts'
import { type PlaySelection, selectPlays } from './select.ts'
import { didYouMean } from './suggest.ts'
import type { ConnectionSettings } from './transport/settings.ts'
import { unknownVariables } from './unknown-variables.ts'
import { keysOf } from './variable-names.ts'
import { resolveCluster, resolveRole } from './variables.ts'

/** A playbook whose every value is known to be right. */
export interface Prepared {
  readonly plays: readonly ReadyPlay[]
  readonly settings: ReadonlyMap<string, ConnectionSettings>
  /** How a host is reached that no play has now. @throws UsageError where what the inventory says of that is wrong. */
  readonly settingsOf: (host: string) => ConnectionSettings
}

/** What the user chose of a playbook and an inventory. */
export interface Selection extends PlaySelection {
  /** A host pattern. */
  readonly limit: string | undefined
  /** Names: no other host takes part. Default: all may. */
  readonly only?: readonly string[] | undefined
  /** The words that the playbook takes. Default: none. */
  readonly args?: readonly string[]
}

/**
 * Puts a playbook and an inventory together: plays, chosen hosts and roles, typed variables, connection settings.
 *
 * @throws UsageError with all problems at once.
 */
export async function prepare(playbook: Playbook, given: Inventory, selection: Selection): Promise<Prepared> {
  const aliased = withGroupAliases(await evaluateInventory(given), playbook.definition.groupAliases ?? {})
  const { inventory } = aliased
  const problems: Problem[] = [...aliased.problems, ...checkAddresses(inventory)]
  const all = await makePlays(playbook, inventory, problems, selection.args)
  const { schemaKeys } = all
  const chosen = collect(
    problems,
    () => limitPlays(selectPlays(all.plays, selection), inventory, selection),
    [],
  )
  const roles = all.plays.flatMap((play) => play.roles)
  problems.push(...unknownVariables(given, schemaKeys, roles))
  const plays = chosen.map((play) => readyPlay(play, inventory, problems))
  const settings = new Map<string, ConnectionSettings>()
  for (const name of new Set(plays.flatMap(({ hosts }) => hosts.map((host) => host.name)))) {
    const result = connectionSettings(inventory.hosts.get(name) as InventoryHost)
    problems.push(...result.problems)
    settings.set(name, result.settings)
  }
  const distinct = [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
  if (distinct.length > 0) throw new UsageError(distinct)
  return { plays, settings, settingsOf: (name) => settingsOf(name, inventory) }
}

function settingsOf(name: string, inventory: Inventory): ConnectionSettings {
  const { settings, problems } = connectionSettings(inventory.hosts.get(name) as InventoryHost)
  if (problems.length > 0) throw new UsageError(problems)
  return settings
}

type LimitedPlay = Play & Pick<ReadyPlay, 'leftOut'>

/** The hosts as playbooks see them. */
function toHost(host: InventoryHost): Host {
  return { name: host.name, address: hostAddress(host), groups: host.groups, vars: valuesByName(host.vars) }
}

async function makePlays(
  playbook: Playbook,
  inventory: Inventory,
  problems: Problem[],
  args: readonly string[] = [],
): Promise<{ plays: readonly Play[]; schemaKeys: string[] }> {
  const schema = playbook.definition.vars
  const cluster = schema === undefined ? { values: {}, problems: [] } : resolveCluster(schema, inventory)
  problems.push(...cluster.problems)
  const schemaKeys = schema === undefined ? [] : keysOf(schema)
  const tools: PlaybookTools<unknown> = {
    ...playbookTools(cluster.values, inventory, problems),
    args,
    async include(other, { tags = [] } = {}) {
      const included = await makePlays(other, inventory, problems)
      schemaKeys.push(...included.schemaKeys)
      return included.plays.map((play) => ({ ...play, tags: [...(play.tags ?? []), ...tags] }))
    },
  }
  try {
    const plays = await playbook.definition.plays(tools)
    await Promise.all(plays.flatMap(({ roles }) => roles.map((role) => role.load?.())))
    return { plays, schemaKeys }
  } catch (error) {
    note(problems, error)
    return { plays: [], schemaKeys }
  }
}

function playbookTools(
  vars: unknown,
  inventory: Inventory,
  problems: Problem[],
): Omit<PlaybookTools<unknown>, 'args' | 'include'> {
  const hosts = new Map([...inventory.hosts.values()].map((host) => [host.name, toHost(host)]))
  const byName = (names: readonly string[]): Host[] => names.map((name) => hosts.get(name) as Host)
  return {
    vars,
    // A variable that is missing has been reported: it must not break the making of the plays.
    path: (path: string | undefined) => (path === undefined ? '' : resolve(inventory.directory, path)),
    group(name) {
      const group = inventory.groups.get(name)
      if (group !== undefined) return byName(group.hosts)
      const place = callPlace()
      const hint = `${didYouMean(name, inventory.groups.keys())} (groups of ${inventory.source})`
      problems.push({ message: `there is no group ${name} in the inventory`, hint, ...(place && { place }) })
      return []
    },
    refuse: (...found) => void problems.push(...found),
    hosts: (pattern) => byName(collect(problems, () => selectHosts(pattern, inventory), [])),
  }
}

function limitPlays(plays: readonly Play[], inventory: Inventory, { limit, only }: Selection): LimitedPlay[] {
  if (limit === undefined && only === undefined) return plays.filter(({ hosts }) => hosts.length > 0)
  const matching = limit === undefined ? undefined : new Set(limitHosts(limit, inventory))
  const isWanted = ({ name }: Host) => (matching?.has(name) ?? true) && (only?.includes(name) ?? true)
  const limited = plays.map((play) => ({
    ...play,
    hosts: play.hosts.filter(isWanted),
    leftOut: play.hosts.filter((host) => !isWanted(host)),
  }))
  if (limited.every(({ hosts }) => hosts.length === 0)) {
    const flags = [...(limit === undefined ? [] : [`--limit ${limit}`]), ...(only ? ['--limit-failed'] : [])]
    const message = `${flags.join(' with ')} leaves no host in any chosen play`
    throw new UsageError([{ message, hint: 'see --list-hosts' }])
  }
  return limited.filter(({ hosts }) => hosts.length > 0)
}

function readyPlay(play: LimitedPlay, inventory: Inventory, problems: Problem[]): ReadyPlay {
  const roles = play.roles.map((applied) => {
    const vars = new Map<string, unknown>()
    for (const host of play.hosts) {
      const resolved = resolveRole(applied, host, inventory.hosts.get(host.name) as InventoryHost)
      vars.set(host.name, resolved.values)
      problems.push(...resolved.problems)
    }
    return { applied, vars }
  })
  problems.push(...policyProblems(play))
  const { name, tags = [], hosts, leftOut = [], serial = [], anyErrorsFatal = false } = play
  return {
    name,
    tags,
    hosts,
    leftOut,
    roles,
    serial: [serial].flat() as (number | string)[],
    maxFailures: anyErrorsFatal ? 0 : play.maxFailures,
  }
}

/** What `make` gives, or `otherwise` with its problems noted. */
function collect<T>(problems: Problem[], make: () => T, otherwise: T): T {
  try {
    return make()
  } catch (error) {
    note(problems, error)
    return otherwise
  }
}

/** A fault of the playbook's own code may only be the result of problems that were found before. */
function note(problems: Problem[], error: unknown): void {
  if (error instanceof UsageError) problems.push(...error.problems)
  else if (error instanceof QuorateError) {
    problems.push({ message: error.message, ...(error.hint !== undefined && { hint: error.hint }) })
  } else if (problems.length === 0) throw error
}
