import { callPlace } from '../engine/place.ts'
import type { Change, Need, Observed, Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { sh } from '../quote.ts'
import { accountScript, checkedAccountName, checkedId } from './account-name.ts'
import { checkedPath } from './checked.ts'
import { homeScript } from './home.ts'
import { groupNeed, groupProbe, type UserState, userNeed, userProbe } from './probes/account.ts'
import { pathNeed, pathProbe } from './probes/path.ts'

/** What is not given is left as it is, and to the host where the user is created. Passwords are not managed. */
export interface UserOptions {
  /** @default the host chooses */
  readonly uid?: number
  /** Primary group, which has to exist. @default a group of the user's own name, made with the user */
  readonly group?: string
  /** Groups that the user is to be a member of; of others it stays a member. @default none */
  readonly groups?: readonly string[]
  /** Made with the user, or where it is missing, but for system users. @default the host's custom, as a rule /home/NAME */
  readonly home?: string
  /** @default the host's custom; for a system user /usr/sbin/nologin */
  readonly shell?: string
  /** Whether it is a user for a service: a low uid, no home, no login. Means nothing for a user that exists. @default false */
  readonly system?: boolean
  /** Full name or purpose. @default none */
  readonly comment?: string
  /** `absent` leaves the home directory behind. @default 'present' */
  readonly state?: 'present' | 'absent'
}

/**
 * A user.
 *
 * @example user('etcd', { system: true, group: 'etcd', home: '/var/lib/etcd' })
 */
export function user(name: string, options: UserOptions = {}): Resource {
  const place = callPlace()
  validate(name, options)
  const ownGroup = options.group === undefined ? [groupNeed(name)] : []
  const home = ownHome(name, options)
  return {
    kind: 'user',
    name,
    place,
    needs: () => [userNeed(name), ...(home === undefined ? [] : [pathNeed(home)]), ...ownGroup],
    plan: (observed) => plan(name, options, observed),
  }
}

function validate(name: string, { uid, group, groups = [], home, shell, comment }: UserOptions): void {
  checkedAccountName('user', name)
  for (const one of group === undefined ? groups : [group, ...groups])
    checkedAccountName(`user ${name}: group`, one)
  if (uid !== undefined) checkedId(`user ${name}: uid`, uid)
  for (const path of [home, shell]) if (path !== undefined) checkedPath(`user ${name}`, path)
  for (const [field, value] of Object.entries({ home, shell, comment })) {
    if (value !== undefined && /[:\n]/.test(value)) {
      throw new QuorateError(
        `user ${name}: ${field} cannot hold a colon or newline, got ${JSON.stringify(value)}`,
      )
    }
  }
}

function plan(name: string, options: UserOptions, observed: Observed): Change[] {
  const found = observed.get(userProbe, name)
  if (options.state === 'absent') return found === undefined ? [] : [remove(name)]
  if (found !== undefined)
    return [...modify(name, options, found), ...makeHome(name, options, found, observed)]
  const ownGroupExists = options.group === undefined && observed.get(groupProbe, name) !== undefined
  return [create(name, options, ownGroupExists)]
}

function create(name: string, options: UserOptions, ownGroupExists: boolean): Change {
  const { uid, group, system = false, groups = [] } = options
  const { shell = system ? '/usr/sbin/nologin' : undefined } = options
  const primary = ownGroupExists ? name : group
  const flags = [
    system ? ['-r', '-M'] : ['-m'],
    primary === undefined ? ['-U'] : ['-g', primary],
    uid === undefined ? [] : ['-u', uid],
    groups.length === 0 ? [] : ['-G', groups.join(',')],
    attributeFlags({ ...options, ...(shell !== undefined && { shell }) }),
  ].flat()
  const after: UserState = {
    uid: uid ?? -1,
    group: primary ?? name,
    groups,
    comment: options.comment ?? '',
    home: options.home ?? `/home/${name}`,
    shell: shell ?? '',
  }
  return {
    summary: [
      'create',
      ...(uid === undefined ? [] : [`uid ${uid}`]),
      ...groups.map((one) => `group ${one}`),
    ].join(', '),
    action: accountScript(sh`useradd ${flags} ${name}`),
    effects: effects(name, after),
  }
}

function modify(name: string, options: UserOptions, found: UserState): Change[] {
  const { uid, group, groups = [] } = options
  const joining = groups.filter((one) => !found.groups.includes(one) && one !== found.group)
  const texts = differingTexts(options, found)
  const flags = [
    uid === undefined || uid === found.uid ? [] : ['-u', uid],
    group === undefined || group === found.group ? [] : ['-g', group],
    joining.length === 0 ? [] : ['-a', '-G', joining.join(',')],
    attributeFlags(texts),
  ].flat()
  if (flags.length === 0) return []
  const summaries = [
    ...(uid === undefined || uid === found.uid ? [] : [`uid ${found.uid} → ${uid}`]),
    ...(group === undefined || group === found.group ? [] : [`group ${found.group} → ${group}`]),
    ...joining.map((one) => `join ${one}`),
    ...Object.entries(texts).map(
      ([field, value]) => `${field} ${found[field as keyof UserState] || 'none'} → ${value || 'none'}`,
    ),
  ]
  const given = { ...(uid !== undefined && { uid }), ...(group !== undefined && { group }) }
  const after = { ...found, ...given, ...texts, groups: [...found.groups, ...joining] }
  return [
    {
      summary: summaries.join(', '),
      action: accountScript(sh`usermod ${flags} ${name}`),
      effects: effects(name, after),
    },
  ]
}

/** Where the home is that is made with the user; undefined where there is none. */
function ownHome(name: string, { home, system = false, state }: UserOptions): string | undefined {
  return system || state === 'absent' ? undefined : (home ?? `/home/${name}`)
}

/** A home that was to be made with the user, and was not: the power was cut. One elsewhere may be meant to be missing. */
function makeHome(name: string, options: UserOptions, found: UserState, observed: Observed): Change[] {
  const home = ownHome(name, options)
  if (home === undefined || home !== (options.home ?? found.home)) return []
  if (observed.get(pathProbe, home).type !== 'absent') return []
  return [
    {
      summary: `make the home ${home}`,
      action: homeScript(name, home),
      effects: { unknown: [pathNeed(home)] },
    },
  ]
}

function remove(name: string): Change {
  return {
    summary: 'remove',
    action: accountScript(sh`userdel ${name}`),
    effects: { known: [[userNeed(name), undefined]], unknown: [groupNeed(name)] },
  }
}

interface Texts {
  readonly home?: string
  readonly shell?: string
  readonly comment?: string
}

function differingTexts({ home, shell, comment }: Texts, found: UserState): Texts {
  return {
    ...(home !== undefined && home !== found.home && { home }),
    ...(shell !== undefined && shell !== found.shell && { shell }),
    ...(comment !== undefined && comment !== found.comment && { comment }),
  }
}

function attributeFlags({ home, shell, comment }: Texts): string[] {
  return [
    home === undefined ? [] : ['-d', home],
    shell === undefined ? [] : ['-s', shell],
    comment === undefined ? [] : ['-c', comment],
  ].flat()
}

function effects(name: string, after: UserState): Change['effects'] {
  const unknown: Need[] = [groupNeed(after.group), pathNeed(after.home)]
  return { known: [[userNeed(name), after]], unknown }
}
