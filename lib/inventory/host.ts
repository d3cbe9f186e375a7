import type { Value } from './types.ts'

/** A host as playbooks and roles see it. */
export interface Host {
  readonly name: string
  /** Where other hosts reach it: `ip`, else `ansible_host`, else its name. */
  readonly address: string
  readonly groups: readonly string[]
  /** The inventory's merged variables of this host. */
  readonly vars: Readonly<Record<string, Value>>
}
