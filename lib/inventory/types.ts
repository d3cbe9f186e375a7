import type { Place, Problem } from '../errors.ts'
import type { Secret } from '../secret.ts'

/** A variable's value as the inventory holds it: what YAML and Python literals can say, and what is secret. */
export type Value =
  | string
  | number
  | boolean
  | null
  | Secret
  | readonly Value[]
  | { readonly [key: string]: Value }

/** A variable with the place that set it, and what it overrode. */
export interface Variable {
  /** Reading it evaluates its template, if it is one; a UsageError says what is wrong with it. */
  readonly value: Value
  readonly place: Place
  /** The layer that set it: `group all`, `group kube-master`, `host m1`. */
  readonly layer: string
  /** The next lower layer that also set it. */
  readonly overrides: Variable | undefined
}

export interface InventoryGroup {
  readonly name: string
  /** Names of direct child groups, in file order. */
  readonly children: readonly string[]
  /** Names of hosts listed in the group itself, in file order. */
  readonly directHosts: readonly string[]
  /** Names of all hosts, those of child groups included, in Ansible's order. */
  readonly hosts: readonly string[]
  readonly vars: ReadonlyMap<string, Variable>
}

export interface InventoryHost {
  readonly name: string
  /** The file that names it first; undefined for a list with commas. */
  readonly source: string | undefined
  /** All groups the host is in, `all` included, parents before children. */
  readonly groups: readonly string[]
  /** Merged variables: groups (parents before children), then the host's own. */
  readonly vars: ReadonlyMap<string, Variable>
}

/** What the sources with their group_vars/ and host_vars/ mean. */
export interface Inventory {
  /** What the user named with `-i`; several with commas between them. */
  readonly source: string
  /** Where its files are: relative paths in its variables start here. */
  readonly directory: string
  /** In inventory order. */
  readonly hosts: ReadonlyMap<string, InventoryHost>
  /** `all` and `ungrouped` included. */
  readonly groups: ReadonlyMap<string, InventoryGroup>
  /** What Ansible swallows silently: `#` truncation, empty ranges, odd host names. */
  readonly warnings: readonly Problem[]
}
