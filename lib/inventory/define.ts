import type { Value } from './types.ts'

/** Variables by name. */
export type InventoryVars = Readonly<Record<string, Value>>

/** A group: its hosts, or hosts with child groups and variables. */
export type GroupDefinition<Host extends string, Group extends string> =
  | readonly Host[]
  | {
      readonly hosts?: readonly Host[]
      readonly children?: readonly Group[]
      readonly vars?: InventoryVars
    }

/** An inventory as a value. */
export interface InventoryDefinition<Host extends string = string, Group extends string = string> {
  /** All hosts with their variables; a name may be a range, `web[1:3]`. */
  readonly hosts: Readonly<Record<Host, InventoryVars>>
  readonly groups?: Readonly<Record<Group, GroupDefinition<NoInfer<Host>, NoInfer<Group>>>>
  /** Variables of all hosts. */
  readonly vars?: InventoryVars
}

/**
 * Types an inventory that is written as a module: a group that names a host or a child which is not there is an error
 * in the editor. The module's default export is the inventory, or a function (asynchronous too) that makes it.
 *
 * @example
 * export default defineInventory({
 *   hosts: { m1: { ansible_host: '192.0.2.11' }, m2: { ansible_host: '192.0.2.12' } },
 *   groups: { etcd: ['m1', 'm2'], masters: { children: ['etcd'], vars: { port: 6443 } } },
 * })
 */
export function defineInventory<Host extends string, Group extends string>(
  definition: InventoryDefinition<Host, Group>,
): InventoryDefinition<Host, Group> {
  return definition
}
