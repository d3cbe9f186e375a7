import { type Host, UsageError } from '../../lib/index.ts'
import { refuseSharedPort } from '../balancer/ports.ts'
import { PKI } from '../kubeadm/paths.ts'
import type { ClusterVars } from './vars.ts'

/** Groups of hosts that do nothing but balance: ours, and kubeasz'. */
export const BALANCER_GROUPS: readonly string[] = ['load-balancer', 'load_balancer', 'ex_lb']

const API_SERVER_PORT = 6443

/** What is in front of the apiservers. */
export interface Balancers {
  /** What listens beside keepalived; undefined for kube-vip and for a balancer that is not ours. */
  readonly program: 'haproxy' | 'nginx' | undefined
  /** Where `program` and keepalived run: the masters, or hosts of their own. */
  readonly hosts: readonly Host[]
  /** Where `program` listens. */
  readonly port: number
  /** The VIP with its prefix length; the external balancer's address. */
  readonly vip: string
  /** Where clients reach the API: `10.0.0.100:8443`. */
  readonly endpoint: string
}

/**
 * What a playbook puts in front of the apiservers, and where: hosts of a group `load-balancer` (or kubeasz' `ex_lb`)
 * where there are any, else the masters. On hosts of its own the balancer has the apiservers' own port, 6443.
 *
 * @throws QuorateError where the groups do not fit the balancer, or the balancer's port is an apiserver's.
 */
export function balancersOf(
  vars: Partial<Pick<ClusterVars, 'balancer' | 'vip' | 'loadbalancerApiserver'>>,
  masters: readonly Host[],
  all: readonly Host[],
): Balancers {
  // Where another variable is wrong none has its default, and the rest is still to be looked at.
  const { balancer = 'haproxy', vip = '', loadbalancerApiserver: external } = vars
  const own = all.filter(({ groups }) => groups.some((group) => BALANCER_GROUPS.includes(group)))
  if (balancer !== 'haproxy' && balancer !== 'nginx') {
    refuseIdle(balancer, own)
    const at = external ?? { address: vip.split('/')[0], port: API_SERVER_PORT, domain: undefined }
    const endpoint = `${at.domain ?? at.address}:${at.port}`
    return { program: undefined, hosts: [], port: at.port, vip: external?.address ?? vip, endpoint }
  }
  const hosts = own.length > 0 ? own : masters
  const port = portOf(balancer, hosts, masters)
  return { program: balancer, hosts, port, vip, endpoint: `${vip.split('/')[0]}:${port}` }
}

/**
 * Has haproxy check the certificates of the apiservers, where the cluster's CA is on the same host once there is a
 * cluster: on masters. What the inventory says of it stands.
 */
export function certificateCheck(
  { name, vars }: Host,
  { program }: Balancers,
  masters: readonly Host[],
): { caFile?: string } {
  const isGiven = vars.haproxy_ca_file !== undefined || vars.haproxy_ca_content !== undefined
  if (program !== 'haproxy' || isGiven || !masters.some((master) => master.name === name)) return {}
  return { caFile: `${PKI}/ca.crt` }
}

function refuseIdle(balancer: string, own: readonly Host[]): void {
  if (own.length === 0) return
  const names = own.map(({ name }) => name).join(', ')
  throw new UsageError([
    {
      message: `balancer is ${balancer}, which needs no hosts of its own, but there are some in a group for them: ${names}`,
      hint: `take the group (${BALANCER_GROUPS.join(', ')}) out of the inventory, or set balancer to haproxy or nginx`,
    },
  ])
}

/** The port that the inventory gives the program, the same on all its hosts. */
function portOf(program: 'haproxy' | 'nginx', hosts: readonly Host[], masters: readonly Host[]): number {
  const variable = `${program}_port`
  const isMaster = ({ name }: Host) => masters.some((master) => master.name === name)
  const preset = hosts.some(isMaster) ? 8443 : API_SERVER_PORT
  const ports = new Set(hosts.map(({ vars }) => Number(vars[variable] ?? preset)))
  if (ports.size > 1) {
    throw new UsageError([
      {
        message: `${variable} differs between ${hosts.map(({ name }) => name).join(', ')}: ${[...ports].join(', ')}`,
        hint: 'clients reach the VIP on one port, whoever holds it: set it in group_vars/all.yml',
      },
    ])
  }
  const [port = preset] = ports
  for (const { vars, address } of hosts) {
    const bind = String(vars[`${program}_bind`] ?? '*')
    refuseSharedPort(program, { port, bind, backendPort: API_SERVER_PORT, backends: masters }, address)
  }
  return port
}
