import type { ReadyPlay } from './engine/run.ts'
import { type Place, type Problem, UsageError } from './errors.ts'
import { EXTRA_LAYER, isSecretName, selectHosts, tryValue } from './inventory/index.ts'
import type { Inventory, Variable } from './inventory/types.ts'
import type { AppliedRole } from './role.ts'
import { didYouMean } from './suggest.ts'
import { keysOf, variableName } from './variable-names.ts'

/** Who set a variable. */
export interface Setter {
  /** `--extra-vars`, `playbook`, `host m1`, `group all`, `default of etcd`. */
  readonly layer: string
  readonly place: Place | undefined
  /** As it is written there; `***` for what must not be shown. */
  readonly written: string
}

/** Where a variable's value comes from, for hosts where that is the same. */
export interface Explanation {
  readonly name: string
  readonly hosts: readonly string[]
  /** What it comes to; undefined if it cannot be evaluated. */
  readonly value: string | undefined
  /** Why it cannot be; empty where it can. */
  readonly reasons: readonly string[]
  /** The first is the one whose value counts. */
  readonly setters: readonly Setter[]
}

/** What an explanation is made from. */
export interface Sources {
  /** The inventory as it is written. */
  readonly raw: Inventory
  /** The same with its templates evaluated. */
  readonly evaluated: Inventory
  /** None if the playbook could not be put together. */
  readonly plays: readonly ReadyPlay[]
}

/**
 * Who sets a variable, for the hosts of a pattern.
 *
 * @throws UsageError for a variable that nobody sets
 */
export function explain(name: string, pattern: string, sources: Sources): Explanation[] {
  const answers = new Map<string, Explanation & { hosts: string[] }>()
  for (const host of selectHosts(pattern, sources.raw)) {
    const setters = settersOf(name, host, sources)
    const [winner] = setters
    if (winner === undefined) continue
    const variable = sources.evaluated.hosts.get(host)?.vars.get(name)
    const isInventory = variable !== undefined && variable.layer === winner.layer
    const problems: Problem[] = []
    const value = isInventory ? evaluated(name, variable, problems) : winner.written
    const reasons = problems.map(({ message }) => message)
    const key = JSON.stringify([setters, value, reasons])
    const known = answers.get(key)
    if (known === undefined) answers.set(key, { name, hosts: [host], value, reasons, setters })
    else known.hosts.push(host)
  }
  if (answers.size > 0) return [...answers.values()]
  throw new UsageError([
    { message: `nobody sets the variable ${name}`, hint: didYouMean(name, knownNames(sources)) },
  ])
}

function settersOf(name: string, host: string, { raw, plays }: Sources): Setter[] {
  const chain: Setter[] = []
  for (let at = raw.hosts.get(host)?.vars.get(name); at !== undefined; at = at.overrides) {
    chain.push({ layer: at.layer, place: at.place, written: show(name, at.value) })
  }
  const roles = plays
    .filter(({ hosts }) => hosts.some((each) => each.name === host))
    .flatMap((play) =>
      play.roles.map(({ applied }) =>
        roleSetters(
          name,
          applied,
          play.hosts.find((each) => each.name === host),
        ),
      ),
    )
  return [
    ...chain.filter(({ layer }) => layer === EXTRA_LAYER),
    ...roles.flatMap(({ passed }) => passed),
    ...chain.filter(({ layer }) => layer !== EXTRA_LAYER),
    ...roles.flatMap(({ defaults }) => defaults),
  ]
}

function roleSetters(
  name: string,
  { definition, input, place }: AppliedRole,
  host: ReadyPlay['hosts'][number] | undefined,
): { passed: Setter[]; defaults: Setter[] } {
  const key = keysOf(definition.vars).find((each) => variableName(each, definition.name) === name)
  if (key === undefined || host === undefined) return { passed: [], defaults: [] }
  const value = input(host)[key]
  const standard = definition.vars.shape[key]?.safeParse(undefined)
  const isDefault = standard?.success === true && standard.data !== undefined
  return {
    passed: value === undefined ? [] : [{ layer: 'playbook', place, written: show(name, value) }],
    defaults: isDefault
      ? [{ layer: `default of ${definition.name}`, place: undefined, written: show(name, standard.data) }]
      : [],
  }
}

function evaluated(name: string, variable: Variable, problems: Problem[]): string | undefined {
  const value = tryValue(variable, problems)
  return value === undefined ? undefined : show(name, value)
}

/** Secrets turn into `***` on their own. */
function show(name: string, value: unknown): string {
  return isSecretName(name) ? '***' : (JSON.stringify(value) ?? String(value))
}

function knownNames({ raw, plays }: Sources): Set<string> {
  const names = new Set([...raw.hosts.values()].flatMap(({ vars }) => [...vars.keys()]))
  for (const { applied } of plays.flatMap(({ roles }) => roles)) {
    const { name, vars } = applied.definition
    for (const key of keysOf(vars)) names.add(variableName(key, name))
  }
  return names
}
