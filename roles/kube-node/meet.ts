import type { RoleContext } from '../../lib/index.ts'
import { type ClusterState, observeCluster } from '../kubeadm/cluster-state.ts'
import { isComplete, type NodeState, observeNode } from '../kubeadm/node-state.ts'
import { apiUrl } from '../kubeadm/urls.ts'
import type { Speaker } from './decide.ts'
import type { KubeNodeVars } from './vars.ts'

/** What a host knows once all have told about themselves. */
export interface Meeting {
  readonly isMaster: boolean
  readonly own: NodeState
  /** The master that speaks for the cluster; undefined where none takes part. */
  readonly speaker: Speaker | undefined
  /** Its name; in check mode also that of a master which would speak once the run had made the cluster. */
  readonly spokesman: string | undefined
  readonly cluster: ClusterState | undefined
  /** Where the host's own apiserver is, if it has one. */
  readonly api: string
}

/** All hosts tell about themselves; one master that is ready tells about the cluster. */
export async function meet({
  vars,
  host,
  query,
  everyone,
  check,
}: RoleContext<KubeNodeVars>): Promise<Meeting> {
  const api = apiUrl(host, vars.apiServerPort)
  const isMaster = vars.masters.some(({ name }) => name === host.name)
  const own = await observeNode(query, api)
  const states = await everyone('state', own)
  const masters = [...states].filter(([name]) => vars.masters.some((master) => master.name === name))
  const found = masters.find(([, state]) => isComplete(state) && state.ready)
  const speaker = found && { name: found[0], state: found[1] }
  const told = await everyone(
    'cluster',
    speaker?.name === host.name ? await observeCluster(query, api) : undefined,
  )
  const spokesman = speaker?.name ?? (check ? masters[0]?.[0] : undefined)
  return { isMaster, own, speaker, spokesman, api, cluster: speaker && told.get(speaker.name) }
}
