import { type RoleContext, Script, sh, step } from '../../lib/index.ts'
import { type ClusterNode, type ClusterState, observeCluster } from '../kubeadm/cluster-state.ts'
import { kubectl } from '../kubeadm/node-state.ts'
import { describePatch, type Marks, patchOf } from './marks.ts'

type Nodes = Pick<ClusterState, 'nodes'>

const UNMARKED: Omit<ClusterNode, 'name'> = {
  ...{ internalIp: '', ready: false, reason: '', kubeletVersion: '' },
  ...{ labels: {}, taints: [], owned: '' },
}

/** Gives all workers of the play their labels and taints; the host that speaks for the cluster does. */
export async function mark(
  { apply, query, check }: Pick<RoleContext<unknown>, 'apply' | 'query' | 'check'>,
  api: string,
  wanted: ReadonlyMap<string, Marks | undefined>,
  before: Nodes | undefined,
): Promise<void> {
  const ctl = new Script(kubectl(api))
  const names = [...wanted].filter(([, marks]) => marks !== undefined).map(([name]) => name)
  const isComplete = names.every((name) => before?.nodes.some((node) => node.name === name))
  const cluster = before !== undefined && (isComplete || check) ? before : await observeCluster(query, api)
  const nodes = new Map<string, ClusterNode>(cluster.nodes.map((node) => [node.name, node]))
  for (const [name, marks] of wanted) {
    const node = nodes.get(name)
    const patch = node && marks && patchOf(node, marks)
    if (patch === undefined) continue
    const text = JSON.stringify(patch)
    await apply(
      step(`node ${name}: ${describePatch(patch)}`, {
        done: sh`${ctl} patch node ${name} --type merge -p ${text} --dry-run=server | grep -q 'no change'`,
        run: sh`${ctl} patch node ${name} --type merge -p ${text}`,
      }),
    )
  }
}

/** The nodes of the cluster once these hosts had joined it: nobody has marked them yet. */
export function foreseen(cluster: Nodes | undefined, joining: readonly string[]): Nodes {
  const present = cluster?.nodes.filter(({ name }) => !joining.includes(name)) ?? []
  return { nodes: [...present, ...joining.map((name) => ({ ...UNMARKED, name }))] }
}
