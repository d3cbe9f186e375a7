import { QuorateError } from '../errors.ts'
import type { Facts } from '../transport/connection.ts'
import type { UnitState } from './probes/unit.ts'

/** What a `service` resource asks of its unit. */
export interface WantedService {
  readonly unit: string
  readonly enabled: boolean | undefined
  readonly state: 'running' | 'stopped' | undefined
  readonly restartOn: readonly string[]
  readonly reloadOn: readonly string[]
}

/** @throws QuorateError on a host that systemd does not run. */
export function requireSystemd({ systemd }: Facts): void {
  if (!systemd)
    throw new QuorateError('systemd does not run on this host, and no other service manager is supported')
}

/** What is known of a unit whose file was just written, and not read by systemd yet. */
export function writtenUnit(previous: UnitState, content?: string): UnitState {
  const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(content ?? '')?.[1]?.trim()
  const fresh = previous.load !== 'loaded'
  const installable = content === undefined || /^\[Install\]/m.test(content)
  return {
    ...previous,
    load: 'loaded',
    file: fresh || previous.file === '' ? (installable ? 'disabled' : 'static') : previous.file,
    type: setting('Type') ?? previous.type,
    remainAfterExit: previous.remainAfterExit || setting('RemainAfterExit') !== undefined,
    canReload: previous.canReload || content === undefined || setting('ExecReload') !== undefined,
    needDaemonReload: true,
  }
}

/** @throws QuorateError where the unit, as it is, can never become what is wanted. */
export function requireUsable(
  { unit, state, enabled, reloadOn }: WantedService,
  { load, file, type, remainAfterExit, canReload }: UnitState,
): void {
  if (load === 'not-found') {
    throw new QuorateError(`unit ${unit} does not exist on this host`, {
      hint: 'is the package installed that brings it?',
    })
  }
  if (load === 'masked' && (state === 'running' || enabled === true)) {
    throw new QuorateError(`unit ${unit} is masked: somebody wants it never to start`, {
      hint: `systemctl unmask ${unit} undoes it`,
    })
  }
  if (load !== 'loaded' && load !== 'masked') {
    throw new QuorateError(`unit ${unit} cannot be used: systemd says ${load}`, {
      hint: `see: systemctl status ${unit}`,
    })
  }
  if (enabled === true && file === 'static') {
    throw new QuorateError(`unit ${unit} cannot be enabled: its file has no [Install] section`)
  }
  if (state === 'running' && type === 'oneshot' && !remainAfterExit) {
    throw new QuorateError(
      `unit ${unit} is a oneshot: it does its work and ends, so it cannot be kept running`,
    )
  }
  if (reloadOn.length > 0 && !canReload) {
    throw new QuorateError(`unit ${unit} cannot be reloaded`, { hint: 'list the files under restartOn' })
  }
}
