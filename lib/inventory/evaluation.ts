import { dirname, resolve } from 'node:path'
import { didYouMean } from '../suggest.ts'
import { LookupTable, type Scope, Undefined } from '../template/index.ts'
import { isDeferred } from './deferred.ts'
import { Leaves } from './leaves.ts'
import type { Inventory, Value, Variable } from './types.ts'
import type { Variables } from './variables.ts'

/** Whose variables a template sees: those of a host, or of the cluster as a whole. */
interface Owner {
  readonly name: string
  readonly vars: ReadonlyMap<string, Variable>
  readonly scope: Scope
  /** Values as templates see them, by the name of the variable. */
  readonly values: Map<string, unknown>
}

const CLUSTER = 'the cluster'

/** Evaluates the templates of an inventory, each once. */
export class Evaluation {
  readonly #inventory: Inventory
  readonly #leaves = new Leaves()
  readonly #owners = new Map<string, Owner>()
  readonly #groups: Readonly<Record<string, readonly string[]>>
  readonly #hostvars: LookupTable

  constructor(inventory: Inventory) {
    this.#inventory = inventory
    this.#groups = Object.fromEntries([...inventory.groups].map(([name, { hosts }]) => [name, hosts]))
    this.#hostvars = new LookupTable(
      () => [...inventory.hosts.keys()],
      (name) => {
        if (!inventory.hosts.has(name)) {
          return new Undefined(`there is no host ${name}`, didYouMean(name, inventory.hosts.keys()))
        }
        return this.#table(this.#owner(name))
      },
    )
  }

  hostVariables(host: string): Variables {
    return this.#lazy(this.#owner(host))
  }

  /** Those of the group `all`, for playbooks: no host is meant. */
  clusterVariables(): Variables {
    return this.#lazy(this.#owner(CLUSTER))
  }

  #owner(name: string): Owner {
    const existing = this.#owners.get(name)
    if (existing !== undefined) return existing
    const vars =
      name === CLUSTER ? this.#inventory.groups.get('all')?.vars : this.#inventory.hosts.get(name)?.vars
    const owner: Owner = {
      name,
      vars: vars ?? new Map(),
      values: new Map(),
      scope: { get: (variable) => this.#lookUp(owner, variable) },
    }
    this.#owners.set(name, owner)
    return owner
  }

  #lazy(owner: Owner): Variables {
    const variables: Variables = new Map(owner.vars)
    for (const [name, variable] of owner.vars) {
      if (!isDeferred(variable.value)) continue
      const { place, layer, overrides } = variable
      const value = () => this.#leaves.settle(this.#valueOf(owner, name), name, variable) as Value
      variables.set(
        name,
        Object.defineProperty({ place, layer, overrides } as Variable, 'value', {
          get: value,
          enumerable: true,
        }),
      )
    }
    return variables
  }

  #valueOf(owner: Owner, name: string): unknown {
    const known = owner.values.get(name)
    if (known !== undefined) return known
    const variable = owner.vars.get(name) as Variable
    const value = isDeferred(variable.value)
      ? this.#leaves.tree(variable.value, { owner: owner.name, name, variable, scope: owner.scope })
      : variable.value
    owner.values.set(name, value)
    return value
  }

  #table(owner: Owner): LookupTable {
    return new LookupTable(() => [...owner.vars.keys()], owner.scope.get)
  }

  #lookUp(owner: Owner, name: string): unknown {
    if (owner.vars.has(name)) return this.#valueOf(owner, name)
    const magic = this.#magic(owner)
    if (Object.hasOwn(magic, name)) return (magic[name] as () => unknown)()
    if (owner.name === CLUSTER && HOST_NAMES.includes(name)) {
      return new Undefined(
        `${name} differs between hosts, and this is a value for the whole cluster`,
        'Pass it to the role in the playbook, or set a variable of the role.',
      )
    }
    const hint = /^ansible_/.test(name)
      ? 'Facts of hosts are not known to variables: write the value itself.'
      : didYouMean(name, [...owner.vars.keys(), ...Object.keys(magic)])
    return new Undefined(`${name} is undefined`, hint)
  }

  #magic(owner: Owner): Readonly<Record<string, () => unknown>> {
    const source = this.#sourceOf(owner)
    const file = source === undefined ? null : resolve(source)
    const shared = {
      groups: () => this.#groups,
      hostvars: () => this.#hostvars,
      vars: () => this.#table(owner),
      inventory_file: () => file,
      inventory_dir: () => file && dirname(file),
    }
    if (owner.name === CLUSTER) return shared
    const groups = this.#inventory.hosts.get(owner.name)?.groups ?? []
    return {
      ...shared,
      inventory_hostname: () => owner.name,
      inventory_hostname_short: () => owner.name.split('.')[0],
      group_names: () => groups.filter((group) => group !== 'all').sort(),
    }
  }

  /** The file that names a host first, as in Ansible; for the cluster that of all hosts. Lists of hosts are no files. */
  #sourceOf({ name }: Owner): string | undefined {
    const { hosts } = this.#inventory
    if (name !== CLUSTER) return hosts.get(name)?.source
    const [first, ...others] = new Set([...hosts.values()].map(({ source }) => source))
    return others.length === 0 ? first : undefined
  }
}

const HOST_NAMES: readonly string[] = ['inventory_hostname', 'inventory_hostname_short', 'group_names']
