import {
  directory,
  file,
  pkg,
  type Resource,
  type RoleContext,
  until,
  varsOfRole,
  type z,
} from '../../lib/index.ts'
import { appliedManifest } from '../kubeadm/apply-manifest.ts'
import { accessManifest, kubectl, ownKubeconfig } from './access.ts'
import { imageOf } from './image.ts'
import { interfaceOf } from './interface.ts'
import {
  BGP_FILE,
  bgpFile,
  KUBECONFIG,
  kubeVipManifest,
  MANIFEST,
  manifestDigest,
  type NodeSettings,
} from './manifest.ts'
import { look, requireOwn } from './sight.ts'
import { type KubeVipVars, kubeVipVars } from './vars.ts'

/** What kube-vip needs of a role's context. */
export type Node = Pick<RoleContext<KubeVipVars>, 'vars' | 'host' | 'facts' | 'query' | 'apply'>

/** As the role takes it: what is left out comes from the inventory's `kube_vip_…` variables. */
export type KubeVipInput = Partial<z.input<typeof kubeVipVars>>

/**
 * Starts kube-vip on the master that `kubeadm init` was run on, so that the others can join through the VIP. The role
 * kube-vip finds nothing left to do there.
 *
 * @example kubeMaster({ …, beforeJoins: kubeVipStart({ vip, masters, bundle }) })
 */
export function kubeVipStart(
  input: KubeVipInput,
): (context: Omit<Node, 'vars'> & Pick<RoleContext<unknown>, 'check'>) => Promise<void> {
  return async ({ host, facts, query, apply, check }) => {
    const vars = varsOfRole({ name: 'kube-vip', vars: kubeVipVars }, host, input)
    const node: Node = { vars, host, facts, query, apply }
    await prepareNode(node)
    await apply(accessRights(node))
    await placePod(node)
    if (!check) await until(() => requireHealthy(node), { seconds: 60 })
  }
}

/** All that does not disturb a VIP that is there. */
export async function prepareNode({ vars, apply }: Node): Promise<void> {
  const { resources } = await imageOf(vars)
  await apply(pkg(['curl', 'openssl']), ...resources, directory('/etc/kubernetes/manifests'))
}

export function accessRights({ vars, host }: Node): Resource {
  const ask = kubectl(host.address, vars.apiServerPort)
  return appliedManifest('rights of kube-vip in the cluster', ask, accessManifest(vars))
}

/** The files that kube-vip reads, and its static pod. */
export async function placePod(node: Node): Promise<void> {
  const { vars, host, apply } = node
  const bgp = bgpFile(vars, host.address)
  await apply(
    ownKubeconfig(vars),
    ...(bgp === undefined ? [] : [file(BGP_FILE, { content: bgp, mode: 0o600 })]),
  )
  await apply(file(MANIFEST, { content: kubeVipManifest(vars, await settingsOf(node)), mode: 0o600 }))
}

/** @throws QuorateError where kube-vip of this node does not run as it should, or nobody answers at the VIP. */
export async function requireHealthy(node: Node): Promise<void> {
  const { vars, host, query } = node
  const digest = manifestDigest(vars, await settingsOf(node))
  requireOwn(await look(query, kubectl(host.address, vars.apiServerPort), vars, host.name), vars, digest)
}

async function settingsOf({ vars, host, facts, query }: Node): Promise<NodeSettings> {
  // The kubeconfig holds a private key, so its digest gives nothing away of the passwords behind it.
  const { stdout } =
    await query`cat ${KUBECONFIG} ${vars.mode === 'bgp' ? [BGP_FILE] : []} 2>/dev/null | sha256sum | cut -c 1-16`
  return {
    image: (await imageOf(vars)).reference,
    interface: interfaceOf(vars, host, facts),
    kubeconfig: KUBECONFIG,
    filesDigest: stdout,
  }
}
