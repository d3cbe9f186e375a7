import { callPlace } from '../engine/place.ts'
import type { Change, Need, Observed, Resource } from '../engine/resource.ts'
import { checkedPath } from './checked.ts'
import { type PathState, pathNeed, pathProbe } from './probes/path.ts'
import { recordNeed, recordProbe } from './probes/service-record.ts'
import { type UnitState, unitNeed, unitProbe } from './probes/unit.ts'
import { DAEMON_RELOAD, type Digests, recordAction, runAction, simpleAction } from './service-actions.ts'
import { unitName } from './unit-name.ts'
import { requireSystemd, requireUsable, type WantedService, writtenUnit } from './unit-state.ts'
import { sha256 } from './write.ts'

export interface ServiceOptions {
  /** Whether it starts at boot. @default left as it is */
  readonly enabled?: boolean
  /** @default left as it is; a service that runs is still restarted and reloaded */
  readonly state?: 'running' | 'stopped'
  /** Files that the service reads when it starts. @default none */
  readonly restartOn?: readonly string[]
  /** Files that the service reads again when it is reloaded. @default none */
  readonly reloadOn?: readonly string[]
}

/**
 * A systemd unit: enabled, running, and running on the present content of its files. The host remembers what it was
 * last started with; a difference is restarted away, whoever made it and whenever, so no interrupted run leaves
 * a service on its old configuration. Of a symlink only its target's name counts.
 *
 * @example service('haproxy', { enabled: true, state: 'running', reloadOn: ['/etc/haproxy/haproxy.cfg'] })
 */
export function service(name: string, options: ServiceOptions = {}): Resource {
  const place = callPlace()
  const wanted = wantedService(name, options)
  return {
    kind: 'service',
    name,
    place,
    needs: ({ facts }) => (facts.systemd ? needsOf(wanted) : []),
    plan(observed, { facts }) {
      requireSystemd(facts)
      return plan(wanted, observed)
    },
  }
}

function wantedService(
  name: string,
  { enabled, state, restartOn = [], reloadOn = [] }: ServiceOptions,
): WantedService {
  for (const path of [...restartOn, ...reloadOn]) checkedPath(`service ${name}`, path)
  return { unit: unitName('service', name), enabled, state, restartOn, reloadOn }
}

function needsOf(wanted: WantedService): Need[] {
  const { unit } = wanted
  const paths = pathsOf(wanted)
  const record = paths.length === 0 ? [] : [recordNeed(unit, paths)]
  return [unitNeed(unit), ...record, ...[unitPath(unit), ...paths].map(pathNeed)]
}

const unitPath = (unit: string) => `/etc/systemd/system/${unit}`

function pathsOf({ restartOn, reloadOn }: WantedService): string[] {
  return [...new Set([...restartOn, ...reloadOn])]
}

function plan(wanted: WantedService, observed: Observed): Change[] {
  const { unit } = wanted
  const found = observed.get(unitProbe, unit)
  const written = found.load === 'not-found' && observed.get(pathProbe, unitPath(unit)).type === 'file'
  const state = written ? writtenUnit(found) : found
  if (
    isAbsent(state) &&
    wanted.state !== 'running' &&
    wanted.enabled !== true &&
    pathsOf(wanted).length === 0
  )
    return []
  requireUsable(wanted, state)
  return settle(wanted, state, [
    ...reloadDaemon(state),
    ...enable(wanted, state),
    ...(wanted.state === 'stopped' ? stop(unit, state) : run(wanted, state, observed)),
  ])
}

const isAbsent = ({ load }: UnitState) => load === 'not-found'

/** A change whose effects are told by `settle`. */
interface Step extends Omit<Change, 'effects'> {
  readonly becomes: Partial<UnitState>
  readonly record?: Digests
}

function reloadDaemon({ needDaemonReload }: UnitState): Step[] {
  if (!needDaemonReload) return []
  return [
    {
      summary: 'daemon-reload: its unit files changed',
      action: DAEMON_RELOAD,
      becomes: { needDaemonReload: false },
    },
  ]
}

// Units that other things bring up, or that were made from an init script, count as enabled: `systemctl enable` leaves them so.
const ENABLED = [
  'enabled',
  'enabled-runtime',
  'alias',
  'indirect',
  'generated',
  'transient',
  'linked-runtime',
]

function enable({ unit, enabled }: WantedService, { file }: UnitState): Step[] {
  if (enabled === true && !ENABLED.includes(file)) {
    return [{ summary: 'enable', action: simpleAction('enable', unit), becomes: { file: 'enabled' } }]
  }
  if (enabled === false && (file === 'enabled' || file === 'enabled-runtime')) {
    return [{ summary: 'disable', action: simpleAction('disable', unit), becomes: { file: 'disabled' } }]
  }
  return []
}

function stop(unit: string, { active }: UnitState): Step[] {
  if (active === 'inactive' || active === 'failed') return []
  return [
    { summary: 'stop', action: simpleAction('stop', unit), becomes: { active: 'inactive', sub: 'dead' } },
  ]
}

function run(wanted: WantedService, { active, sub }: UnitState, observed: Observed): Step[] {
  const { unit, restartOn, reloadOn } = wanted
  const paths = pathsOf(wanted)
  const present = new Map(paths.map((path) => [path, fileDigest(observed.get(pathProbe, path))]))
  const running = active === 'active' || active === 'reloading'
  if (!running) {
    if (wanted.state !== 'running') return []
    const why = active === 'failed' || sub === 'auto-restart' ? `, it is in state ${active} (${sub})` : ''
    return [doing('start', unit, `start${why}`, present)]
  }
  if (paths.length === 0) return []
  const { recorded, loaded } = observed.get(recordProbe, recordNeed(unit, paths).arg)
  const changed = paths.filter((path) => loaded.get(path) !== present.get(path))
  const restart = changed.filter((path) => restartOn.includes(path))
  const reload = changed.filter((path) => reloadOn.includes(path))
  if (restart.length > 0)
    return [doing('restart', unit, reason('restart', changed, recorded, loaded), present)]
  if (reload.length > 0) return [doing('reload', unit, reason('reload', changed, recorded, loaded), present)]
  if (recorded) return []
  return [
    {
      summary: 'record what it runs with',
      action: recordAction(unit, present),
      becomes: {},
      record: present,
    },
  ]
}

function doing(verb: 'start' | 'restart' | 'reload', unit: string, summary: string, record: Digests): Step {
  const action = runAction(verb, unit, record.size === 0 ? undefined : record)
  return { summary, action, becomes: { active: 'active', sub: 'running' }, record }
}

function reason(verb: string, changed: readonly string[], recorded: boolean, loaded: Digests): string {
  const certain = recorded ? changed : changed.filter((path) => loaded.has(path))
  if (certain.length > 0) return `${verb}: ${certain.join(', ')} changed`
  return `${verb}: ${changed.join(', ')} may have changed since it was started`
}

/** What stands for a file's content in a record: its digest; for what has none, what it is. */
export function fileDigest({ type, sha256: digest, target }: PathState): string {
  return digest ?? (type === 'symlink' ? `symlink:${sha256(target ?? '')}` : type)
}

/** The steps as changes, each with the state of unit and record that it leads to. */
function settle(wanted: WantedService, found: UnitState, steps: readonly Step[]): Change[] {
  const { unit } = wanted
  let state = found
  return steps.map(({ becomes, record, ...change }) => {
    state = { ...state, ...becomes }
    const known: [Need, unknown][] = [[unitNeed(unit), state]]
    if (record !== undefined && record.size > 0) {
      known.push([recordNeed(unit, pathsOf(wanted)), { recorded: true, loaded: record }])
    }
    return { ...change, effects: { known } }
  })
}
