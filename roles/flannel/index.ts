import {
  artifact,
  defineRole,
  directory,
  image,
  pkg,
  QuorateError,
  type RoleContext,
  until,
} from '../../lib/index.ts'
import { appliedManifest } from '../kubeadm/apply-manifest.ts'
import { type ClusterView, kubectl, observeCluster } from './cluster.ts'
import { problems } from './judge.ts'
import { flannelManifest, manifestDigest } from './manifest.ts'
import { describeReach, requireReach, targetsOf, tryReach } from './reach.ts'
import { refuseChangedNetwork, refuseNetwork } from './refuse.ts'
import { type Release, releaseOf } from './release.ts'
import { removeTestPods, startTestPods } from './test-pods.ts'
import { type FlannelVars, flannelVars } from './vars.ts'

/**
 * The network of pods, on all nodes of a cluster.
 *
 * @example flannel({ masters: group('kube-master'), podSubnet: '10.244.0.0/16', bundle: path(vars.bundle) })
 */
export const flannel = defineRole({
  name: 'flannel',
  summary: 'pods of all nodes reach each other',
  vars: flannelVars,

  async preflight({ vars, host, hosts, facts }) {
    refuseNetwork(vars, host, hosts, facts)
  },

  async converge(context) {
    const { vars, host, query, apply, once, check } = context
    const release = await releaseOf(vars)
    await apply(
      pkg(['curl']),
      directory(vars.cniBinDir),
      ...(release.bundled === undefined ? [] : bundled(release.bundled, vars.cniBinDir)),
    )
    await requirePlugins(context)
    if (!isMaster(context)) return
    const ask = kubectl(host.address, vars.apiServerPort)
    await once('its objects', async () => {
      // Before the first run there is no cluster that could be asked, in check mode alone.
      const { rc } = await query.nothrow`test -s /etc/kubernetes/admin.conf`
      if (rc === 0 || !check) await refuseChangedNetwork(query, ask, vars)
      await apply(appliedManifest('flannel in the cluster', ask, flannelManifest(vars, release)))
    })
  },

  async verify(context) {
    const { vars, host, query } = context
    const view = await sharedView(context)
    if (view === undefined) return 'no control-plane node took part, so the cluster was not asked'
    const pods = await startedPods(context, view)
    try {
      const others = [...pods].filter(([address]) => address !== host.address).map(([, pod]) => pod)
      const targets = targetsOf(view, host.address, addressesOf(context), vars, others)
      const reach = await until(
        async () => {
          const reach = await tryReach(query, targets)
          requireReach(reach, host.name)
          return reach
        },
        { seconds: 30 },
      )
      return describeReach(reach, targets)
    } finally {
      await removedPods(context)
    }
  },
})

type Context = RoleContext<FlannelVars>

function bundled({ image: archive, plugin }: NonNullable<Release['bundled']>, cniBinDir: string) {
  return [
    artifact({ name: 'flannel-cni', path: plugin.path, sha256: plugin.sha256, to: `${cniBinDir}/flannel` }),
    image(archive.reference, { source: archive.path, sha256: archive.sha256 }),
  ]
}

function isMaster({ vars, host }: Context): boolean {
  return vars.masters.some(({ name }) => name === host.name)
}

function addressesOf({ hosts }: Context): ReadonlySet<string> {
  return new Set(hosts.map(({ address }) => address))
}

async function requirePlugins({ vars, host, query, check }: Context): Promise<void> {
  if (check) return
  const { lines } =
    await query`for name in bridge host-local loopback portmap; do [ -x ${vars.cniBinDir}/$name ] || echo $name; done`
  if (lines.length === 0) return
  throw new QuorateError(`${host.name} has no CNI plugin ${lines.join(', ')} in ${vars.cniBinDir}`, {
    hint: 'the role containerd brings them along; flannel_cniBinDir has to be its cniBinDir',
  })
}

/** The cluster once flannel works on all hosts that take part; undefined where none of them can ask it. */
async function sharedView(context: Context): Promise<ClusterView | undefined> {
  const { vars, host, hosts, query, once, everyone, mode } = context
  const look = async (): Promise<ClusterView> => {
    const digest = manifestDigest(vars, await releaseOf(vars))
    const view = await observeCluster(query, kubectl(host.address, vars.apiServerPort))
    const found = problems(view, hosts, vars, digest)
    if (found.length > 0) throw new QuorateError(found.join('; '), { hint: HINT })
    return view
  }
  // Containers may have to be started; where nothing was to be changed they are there.
  const seconds = mode === 'apply' ? 180 : 15
  const view = isMaster(context)
    ? await once('the cluster', () => until(look, { seconds, every: 2 }))
    : undefined
  const views = await everyone('the cluster', view)
  return [...views.values()].find((view) => view !== undefined)
}

const HINT =
  'kubectl get pods -n kube-flannel -o wide, and kubectl logs of those that are not ready, tell more'

async function startedPods(context: Context, view: ClusterView): Promise<ReadonlyMap<string, string>> {
  const { vars, host, query, once, everyone } = context
  if (!vars.deepVerify) return new Map()
  const { image } = await releaseOf(vars)
  const pods = isMaster(context)
    ? await once('pods to test with', () =>
        startTestPods(
          query,
          kubectl(host.address, vars.apiServerPort),
          view,
          addressesOf(context),
          vars.testImage ?? image,
        ),
      )
    : undefined
  const all = await everyone('pods to test with', pods)
  return [...all.values()].find((pods) => pods !== undefined) ?? new Map()
}

async function removedPods(context: Context): Promise<void> {
  const { vars, host, query, once, everyone } = context
  if (!vars.deepVerify) return
  await everyone('pods were tested')
  if (!isMaster(context)) return
  await once('no pods to test with', () => removeTestPods(query, kubectl(host.address, vars.apiServerPort)))
}
