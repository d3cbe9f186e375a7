import { callPlace } from '../engine/place.ts'
import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../quote.ts'
import { accountScript, checkedAccountName, checkedId } from './account-name.ts'
import { type GroupState, groupNeed, groupProbe } from './probes/account.ts'

export interface GroupOptions {
  /** @default the host chooses */
  readonly gid?: number
  /** Whether the host chooses the gid from those for system groups. Means nothing for a group that exists. @default false */
  readonly system?: boolean
  /** @default 'present' */
  readonly state?: 'present' | 'absent'
}

/**
 * A group.
 *
 * @example group('etcd', { system: true })
 */
export function group(name: string, options: GroupOptions = {}): Resource {
  checkedAccountName('group', name)
  if (options.gid !== undefined) checkedId(`group ${name}: gid`, options.gid)
  return {
    kind: 'group',
    name,
    place: callPlace(),
    needs: () => [groupNeed(name)],
    plan: (observed) => plan(name, options, observed.get(groupProbe, name)),
  }
}

function plan(
  name: string,
  { gid, system = false, state }: GroupOptions,
  found: GroupState | undefined,
): Change[] {
  const change = (summary: string, action: string, after: GroupState | undefined): Change[] => [
    { summary, action, effects: { known: [[groupNeed(name), after]] } },
  ]
  if (state === 'absent')
    return found === undefined ? [] : change('remove', accountScript(sh`groupdel ${name}`), undefined)
  const options = gid === undefined ? [] : ['-g', gid]
  if (found === undefined) {
    const flags = [...(system ? ['-r'] : []), ...options]
    // The gid that the host chooses is not known before, and nobody asks for it.
    return change(
      gid === undefined ? 'create' : `create, gid ${gid}`,
      accountScript(sh`groupadd ${flags} ${name}`),
      {
        gid: gid ?? -1,
      },
    )
  }
  if (gid === undefined || gid === found.gid) return []
  return change(`gid ${found.gid} → ${gid}`, accountScript(sh`groupmod ${options} ${name}`), { gid })
}
