import type { Need, Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'

/** What systemd says of a unit, in its own words. */
export interface UnitState {
  /** `loaded`, `not-found`, `masked`, `bad-setting`, … */
  readonly load: string
  /** `active`, `inactive`, `failed`, `activating`, … */
  readonly active: string
  /** `running`, `exited`, `auto-restart`, … */
  readonly sub: string
  /** `enabled`, `disabled`, `static`, …; empty where there is no unit file. */
  readonly file: string
  /** `simple`, `notify`, `oneshot`, …; empty for what is not a service. */
  readonly type: string
  readonly remainAfterExit: boolean
  readonly canReload: boolean
  /** The unit's files were changed since systemd read them. */
  readonly needDaemonReload: boolean
}

const PROPERTIES =
  'Id,LoadState,ActiveState,SubState,UnitFileState,Type,RemainAfterExit,CanReload,NeedDaemonReload,FragmentPath'

/** One `systemctl show` for all units, then the paths of those that have a file in /etc/systemd/system. */
export const unitProbe: Probe<UnitState> = {
  name: 'unit',
  script: (units) =>
    sh`LC_ALL=C systemctl show -p ${PROPERTIES} -- ${[...units]}
echo
for path in ${units.map(ownFile)}; do
  [ ! -f "$path" ] || [ -L "$path" ] || printf '%s\n' "$path"
done`.text,
  parse(stdout, units) {
    const blocks = stdout.toString().split('\n\n')
    const ownFiles = blocks[units.length]?.split('\n') ?? []
    return units.map((unit, index) =>
      parseUnit(
        blocks[index] ?? '',
        ownFiles.find((path) => path === ownFile(unit)),
      ),
    )
  },
}

const ownFile = (unit: string) => `/etc/systemd/system/${unit}`

/** The need of one unit's state. */
export function unitNeed(unit: string): Need<UnitState> {
  return { probe: unitProbe, arg: unit }
}

function parseUnit(block: string, ownFile: string | undefined): UnitState {
  const properties = parseProperties(block)
  const get = (name: string) => properties.get(name) ?? ''
  return {
    load: get('LoadState') || 'not-found',
    active: get('ActiveState') || 'inactive',
    sub: get('SubState') || 'dead',
    file: get('UnitFileState'),
    type: get('Type'),
    remainAfterExit: get('RemainAfterExit') === 'yes',
    canReload: get('CanReload') === 'yes',
    // systemd itself does not notice a new file in /etc that goes before the one it knows, the package's: it would go
    // on starting that one.
    needDaemonReload:
      get('NeedDaemonReload') === 'yes' || (ownFile !== undefined && get('FragmentPath') !== ownFile),
  }
}

/** `Name=value` lines of one unit in the output of `systemctl show`. */
export function parseProperties(block: string): Map<string, string> {
  return new Map(block.split('\n').map((line) => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')]))
}
