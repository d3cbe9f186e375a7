import { X509Certificate } from 'node:crypto'
import { type Query, quote, Script, sh } from '../../lib/index.ts'
import type { Cluster, LiveMember } from './cluster.ts'
import {
  BOOTSTRAP_FILE,
  CA_FILE,
  CLIENT_CERT,
  CLIENT_KEY,
  clientUrl,
  ENVIRONMENT_FILE,
  MEMBER_CERT,
  UNIT,
} from './config.ts'
import type { Binaries } from './install.ts'
import type { EtcdVars } from './vars.ts'

/** What one host knows. */
export interface HostState {
  /** The data directory holds a member: etcd has been started here. */
  readonly data: boolean
  /** systemd's ActiveState: `active`, `activating`, `inactive`, `failed`. */
  readonly unit: string
  /** What the host was last made ready for; empty where it never was. */
  readonly bootstrap: 'new' | 'existing' | ''
  /** When the certificate ends that the member shows; undefined where it has none. */
  readonly certificateEnd: Date | undefined
  /** Digests of files that were asked for, by path; what is not there is left out. */
  readonly digests: ReadonlyMap<string, string>
  /** The live cluster; undefined where no endpoint could be asked, or none is healthy. */
  readonly cluster: Cluster | undefined
  /** Why each endpoint is not healthy. */
  readonly unhealthy: ReadonlyMap<string, string>
}

/**
 * Asks a host about itself and, through any endpoint that is healthy, about the cluster: one round trip. An endpoint is
 * healthy when it serves a linearizable read, so its member list is up to date (etcd 3.4 answers for lists alone
 * without asking the others).
 */
export async function observe(
  query: Query,
  vars: EtcdVars,
  binaries: Binaries,
  files: readonly string[] = [],
): Promise<HostState> {
  const endpoints = vars.members.map((member) => clientUrl(member, vars))
  const state = parseState((await query`${stateScript(vars.dataDir, files, binaries, endpoints)}`).stdout)
  const strangers = state.cluster?.members.flatMap(({ clientUrls }) =>
    clientUrls.filter((url) => !endpoints.includes(url)),
  )
  if (strangers === undefined || strangers.length === 0) return state
  // Members that the group does not know count for the quorum too.
  const all = [...endpoints, ...strangers]
  return parseState((await query`${stateScript(vars.dataDir, files, binaries, all)}`).stdout)
}

/** etcdctl with our client certificate: `ENDPOINTS` is one URL or several, separated by commas. */
export function etcdctl({ etcdctl: binary }: Binaries, endpoints: string): string {
  const tls = sh`--cacert=${CA_FILE} --cert=${CLIENT_CERT} --key=${CLIENT_KEY}`.text
  return `env ETCDCTL_API=3 ${quote(binary)} --dial-timeout=2s --command-timeout=3s ${tls} --endpoints=${endpoints}`
}

/** What {@link stateScript} printed. */
export function parseState(output: string): HostState {
  const values = new Map<string, string[]>()
  for (const line of output.split('\n')) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) values.set(key, [...(values.get(key) ?? []), value])
  }
  const first = (key: string): string => values.get(key)?.[0] ?? ''
  const health = parseHealth(values.get('health') ?? [])
  return {
    data: first('data') === 'yes',
    unit: first('unit'),
    bootstrap: (/^(new|existing)$/.exec(first('bootstrap'))?.[1] as 'new' | 'existing' | undefined) ?? '',
    certificateEnd: endOf((values.get('certificate') ?? []).join('\n')),
    digests: new Map((values.get('digest') ?? []).map((line) => [line.slice(66), line.slice(0, 64)])),
    cluster:
      first('members') === '' ? undefined : { ...health, ...parseCluster(first('members'), first('status')) },
    unhealthy: health.unhealthy,
  }
}

function endOf(pem: string): Date | undefined {
  return pem === '' ? undefined : new Date(new X509Certificate(pem).validTo)
}

function stateScript(
  dataDir: string,
  files: readonly string[],
  binaries: Binaries,
  endpoints: readonly string[],
): Script {
  const digests = files.length === 0 ? ':' : sh`sha256sum -- ${[...files]}`.text
  return new Script(`data=no
for log in ${quote(dataDir)}/member/wal/*.wal; do [ ! -e "$log" ] || data=yes; done
echo "data=$data"
echo "unit=$(systemctl show -p ActiveState --value ${UNIT} 2>/dev/null)"
echo "bootstrap=$(sed -n 's/^ETCD_INITIAL_CLUSTER_STATE=//p' ${BOOTSTRAP_FILE} 2>/dev/null)"
sed 's/^/certificate=/' ${MEMBER_CERT} 2>/dev/null
${digests} 2>/dev/null | sed 's/^/digest=/'
[ -x ${quote(binaries.etcdctl)} ] && [ -r ${CLIENT_CERT} ] && [ -r ${CA_FILE} ] || exit 0
endpoints=${quote(endpoints.join(','))}
# Where this member is to be found until its port has changed.
present=$(sed -n 's/^ETCD_ADVERTISE_CLIENT_URLS=//p' ${ENVIRONMENT_FILE} 2>/dev/null)
case ,$endpoints, in *,"$present",*) ;; *) endpoints=$endpoints\${present:+,$present} ;; esac
health=$(${etcdctl(binaries, '"$endpoints"')} endpoint health 2>&1)
printf '%s\\n' "$health" | sed 's/^/health=/'
healthy=$(printf '%s\\n' "$health" | sed -n -e 's/ is healthy: .*//p' -e 's/ is unhealthy: .*Active Alarm.*//p' | paste -s -d , -)
[ -n "$healthy" ] || exit 0
first=\${healthy%%,*}
echo "members=$(${etcdctl(binaries, '"$first"')} member list -w json)"
echo "status=$(${etcdctl(binaries, '"$healthy"')} endpoint status -w json 2>/dev/null)"`)
}

function parseHealth(lines: readonly string[]): Pick<Cluster, 'healthy' | 'unhealthy' | 'alarms'> {
  const [healthy, unhealthy, alarms] = [new Set<string>(), new Map<string, string>(), new Set<string>()]
  for (const line of lines) {
    const [, url, verdict, reason] = /^(https:\S+) is (healthy|unhealthy): (.*)$/.exec(line) ?? []
    if (url === undefined || reason === undefined) continue
    // A member with an alarm has served the read: it counts for the quorum, though not as well.
    const alarm = /Active Alarm\(s\): *(.*)/.exec(reason)?.[1]
    if (alarm !== undefined) alarms.add(`alarm: ${alarm.trim()}`)
    if (verdict === 'healthy' || alarm !== undefined) healthy.add(url)
    else unhealthy.set(url, reason)
  }
  return { healthy, unhealthy, alarms: [...alarms] }
}

interface RawMember {
  readonly ID: string
  readonly name?: string
  readonly peerURLs: readonly string[]
  readonly clientURLs?: readonly string[]
  readonly isLearner?: boolean
}

interface RawStatus {
  readonly Status: {
    readonly header: { readonly member_id: string }
    readonly version: string
    readonly leader?: string
  }
}

function parseCluster(list: string, status: string): Pick<Cluster, 'members' | 'versions' | 'leader'> {
  const { members } = parseJson<{ members: readonly RawMember[] }>(list)
  const answers = status === '' ? [] : parseJson<readonly RawStatus[]>(status).map(({ Status }) => Status)
  const leader = answers.find((answer) => answer.leader !== undefined && answer.leader !== '0')?.leader
  return {
    members: members.map(toMember),
    versions: new Map(answers.map(({ header, version }) => [hex(header.member_id), version])),
    leader: leader === undefined ? undefined : hex(leader),
  }
}

function toMember({ ID, name = '', peerURLs, clientURLs = [], isLearner = false }: RawMember): LiveMember {
  return { id: hex(ID), name, peerUrls: peerURLs, clientUrls: clientURLs, learner: isLearner }
}

/** IDs are 64 bits wide, more than a number of JavaScript holds: every number is read as text. */
function parseJson<Shape>(text: string): Shape {
  return JSON.parse(text.replace(/":(\d+)/g, '":"$1"')) as Shape
}

function hex(id: string): string {
  return BigInt(id).toString(16)
}
