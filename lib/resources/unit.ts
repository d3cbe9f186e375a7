import { callPlace } from '../engine/place.ts'
import type { Resource } from '../engine/resource.ts'
import { file } from './file.ts'
import { unitNeed, unitProbe } from './probes/unit.ts'
import { unitName } from './unit-name.ts'
import { requireSystemd, writtenUnit } from './unit-state.ts'

/**
 * A systemd unit file in /etc/systemd/system. The `service` behind it has systemd read it again; list its path
 * under `restartOn` to have the service restarted, too.
 *
 * @example unit('etcd.service', etcdUnit(vars))
 */
export function unit(name: string, content: string): Resource {
  const place = callPlace()
  const fullName = unitName('unit', name)
  const written = file(`/etc/systemd/system/${fullName}`, { content, mode: 0o644 })
  return {
    ...written,
    kind: 'unit',
    name: fullName,
    place,
    needs: (context) => (context.facts.systemd ? [...written.needs(context), unitNeed(fullName)] : []),
    plan(observed, context) {
      requireSystemd(context.facts)
      const changes = written.plan(observed, context)
      const state = writtenUnit(observed.get(unitProbe, fullName), content)
      return changes.map(({ effects, ...change }) => ({
        ...change,
        effects: { ...effects, known: [...(effects.known ?? []), [unitNeed(fullName), state] as const] },
      }))
    },
  }
}
