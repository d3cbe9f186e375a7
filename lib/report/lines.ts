import type { ChangeReport, RunEvent, RunMode } from '../engine/events.ts'
import type { Palette } from './color.ts'
import { type HostGroups, orderedGroups } from './host-groups.ts'
import { collapseHosts, oneLine, plural } from './text.ts'

const MOST_FINDINGS = 20

type Event<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>

const MODES: Record<RunMode, string> = {
  apply: '',
  check: ', check mode: nothing is changed',
  verify: ', verifying only: nothing is changed',
}

/** `HA cluster on 3 hosts, check mode: nothing is changed` */
export function runLine({ playbook, mode, hosts }: Event<'runStart'>, palette: Palette): string {
  return `${palette.title(playbook)} on ${plural(hosts.length, 'host')}${palette.dim(MODES[mode])}`
}

/** `play etcd: m1 m2 m3` */
export function playLine({ play, hosts }: Event<'playStart'>, palette: Palette): string {
  return `${palette.title(`play ${play}`)}: ${collapseHosts(hosts)}`
}

/** `m1  connecting: ssh admin@10.0.0.1:22, root by sudo` */
export function routeLine({ host, step, route = '' }: Event<'step'>): string {
  return `${host}  ${oneLine(`${step}: ${route}`)}`
}

/** `m1  etcd  changed  file /etc/etcd/etcd.yml: create` */
export function changeLine(change: ChangeReport, mode: RunMode, palette: Palette): string {
  return `${change.host}  ${change.role}  ${palette.changed(changedWord(mode))}  ${describeChange(change)}`
}

/** `file /etc/etcd/etcd.yml: create`, with what it depends on where the plan is not certain, and whose turn it is. */
export function describeChange({ resource, summary, after, turn }: ChangeReport): string {
  const turns = turn === undefined ? '' : ` (in turns, ${plural(turn, 'host')} at a time)`
  return oneLine(
    `${resource}: ${summary}${turns}${after === undefined ? '' : ` (known only after ${after})`}`,
  )
}

/** What a change is called: `changed`, and in check mode `would change`. */
export function changedWord(mode: RunMode): string {
  return mode === 'check' ? 'would change' : 'changed'
}

/** `m1  keepalived  verified  VIP 10.0.0.100 is on m2` */
export function verifiedLine({ host, role, message }: Event<'verified'>, palette: Palette): string {
  return `${host}  ${role}  ${palette.ok('verified')}  ${oneLine(message)}`
}

/** `m1  warning  an even number of members`; `warning  …` where no host is meant. */
export function warningLine({ host, message }: Event<'warning'>, palette: Palette): string {
  return `${host === undefined ? '' : `${host}  `}${palette.warning('warning')}  ${oneLine(message)}`
}

/** `  keepalived: VIP 10.0.0.100 is on m2  m1 m2 m3`: one line for all hosts that found the same. */
export function verifiedGroupLines(found: HostGroups, hosts: readonly string[], palette: Palette): string[] {
  const shown = orderedGroups(found, hosts).slice(0, MOST_FINDINGS)
  const hidden = found.size - shown.length
  return [
    ...shown.map(([what, finders]) => `    ${oneLine(what)}  ${palette.dim(collapseHosts(finders))}`),
    ...(hidden === 0 ? [] : [palette.dim(`    … ${plural(hidden, 'more finding')}`)]),
  ]
}
