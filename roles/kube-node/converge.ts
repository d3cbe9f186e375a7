import { QuorateError, type RoleContext, type Secret, sh, step } from '../../lib/index.ts'
import type { ClusterState } from '../kubeadm/cluster-state.ts'
import { joinConfiguration, secretDocuments } from '../kubeadm/documents.ts'
import { installation, noLeftovers, runningKubelet } from '../kubeadm/install.ts'
import { BIN, KUBELET_CONF, PKI, UNFINISHED } from '../kubeadm/paths.ts'
import { type Release, releaseOf } from '../kubeadm/release.ts'
import { FORGET_NETWORK, kubeadmScript, resetScript } from '../kubeadm/run-kubeadm.ts'
import {
  acceptedToken,
  type BootstrapToken,
  deletedSecrets,
  forgottenNode,
  newToken,
  tokenSecretName,
} from '../kubeadm/tokens.ts'
import { type Course, decide } from './decide.ts'
import { foreseen, mark } from './mark.ts'
import { type Meeting, meet } from './meet.ts'
import type { KubeNodeVars } from './vars.ts'

type Context = RoleContext<KubeNodeVars>

const PROGRAMS = ['kubeadm', 'kubelet', 'kubectl', 'crictl']
const IMAGES = ['pause', 'kube-proxy', 'coredns/coredns']

/** What a worker needs to be let in. */
interface Invitation {
  readonly token: BootstrapToken
  readonly caCertHash: string
}

/** Brings one worker into the cluster. Masters of the play only speak for the cluster: any one of them does. */
export async function converge(context: Context): Promise<void> {
  const { vars, host, everyone, check } = context
  const meeting = await meet(context)
  const { speaker, spokesman, isMaster, own, cluster } = meeting
  const release = isMaster ? undefined : await releaseOf(context)
  const takesPart = context.hosts.some(({ name }) => vars.masters.some((master) => master.name === name))
  const course = isMaster ? undefined : decide(host.name, own, speaker, check && takesPart)
  if (release !== undefined && cluster !== undefined) refuseStrangers(context, release, cluster)
  const courses = await everyone('course', course)
  const joining = [...courses].filter(([, theirs]) => theirs?.course === 'join').map(([name]) => name)
  if (release !== undefined) await install(context, release, course)
  const invitation = joining.length === 0 ? undefined : await invite(context, meeting, joining)
  if (course !== undefined) await work(context, course, meeting, invitation)
  const wanted = await everyone('marks', isMaster ? undefined : { labels: vars.labels, taints: vars.taints })
  if (host.name !== spokesman) return
  await mark(context, meeting.api, wanted, check ? foreseen(cluster, joining) : cluster)
  const leftovers = [
    ...(cluster?.leftovers ?? []),
    ...(invitation ? [tokenSecretName(invitation.token)] : []),
  ]
  if (leftovers.length > 0) await context.apply(deletedSecrets(leftovers, meeting.api))
}

async function install({ apply }: Context, release: Release, course: Course | undefined): Promise<void> {
  await apply(...installation(release, PROGRAMS, IMAGES), ...noLeftovers())
  if (!course?.reset) return
  await apply(
    step('clear what an unfinished kubeadm has left', {
      done: sh`[ ! -e ${UNFINISHED} ] && [ ! -e ${KUBELET_CONF} ] && [ ! -e ${PKI}/ca.crt ]`,
      run: resetScript(false),
    }),
  )
}

async function invite(
  { host, everyone, apply, check }: Context,
  { speaker, spokesman, api }: Meeting,
  joining: readonly string[],
): Promise<Invitation> {
  // As long as the kubelet of an unfinished join runs, it comes back as a node.
  await everyone('cleared')
  let own: Invitation | undefined
  if (host.name === spokesman) {
    const token = newToken()
    await apply(...joining.map((name) => forgottenNode(name, api)), acceptedToken(token, api, check))
    own = { token, caCertHash: speaker?.state.caHash ?? '' }
  }
  const found = (await everyone('invitation', own)).get(spokesman ?? '')
  if (found === undefined) throw new QuorateError(`${spokesman ?? 'no master'} could not let the workers in`)
  return found
}

async function work(
  context: Context,
  { course }: Course,
  { cluster }: Meeting,
  invitation: Invitation | undefined,
): Promise<void> {
  const { host, apply } = context
  if (course === 'join') {
    const input = invitation && documents(context, invitation)
    await apply(
      step('join the cluster as a worker', {
        done: sh`[ ! -e ${UNFINISHED} ] && [ -s ${KUBELET_CONF} ]`,
        run: kubeadmScript(['join'], { marks: 'join', before: FORGET_NETWORK }),
        ...(input && { input }),
        provisional: context.check,
      }),
    )
  }
  const isForgotten =
    course === 'converge' && cluster !== undefined && !cluster.nodes.some(({ name }) => name === host.name)
  await apply(runningKubelet(), ...(isForgotten ? [registered(host.name)] : []))
}

/** A kubelet registers its node when it starts, and not again when somebody has deleted it. */
function registered(name: string) {
  const known = sh`${BIN}/kubectl --kubeconfig ${KUBELET_CONF} --request-timeout 5s get node ${name}`.text
  return step('register the node again', {
    done: known,
    run: `systemctl restart kubelet
tries=60
until ${known} >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || { echo 'the kubelet did not register its node' >&2; exit 1; }
  sleep 1
done`,
  })
}

function documents({ vars, host }: Context, { token, caCertHash }: Invitation): Secret {
  const node = { name: host.name, address: host.address, ignorePreflightErrors: vars.ignorePreflightErrors }
  const discovery = { endpoint: vars.controlPlaneEndpoint, token: token.value.reveal(), caCertHash }
  return secretDocuments([joinConfiguration(node, discovery)])
}

function refuseStrangers({ host }: Context, release: Release, cluster: ClusterState): void {
  if (release.version !== cluster.version) {
    throw new QuorateError(
      `the cluster runs Kubernetes ${cluster.version}, and ${release.version} is wanted`,
      {
        hint: 'give the version that the cluster runs',
      },
    )
  }
  const namesake = cluster.nodes.find(({ name }) => name === host.name)
  if (namesake === undefined || namesake.internalIp === '' || namesake.internalIp === host.address) return
  throw new QuorateError(
    `the cluster has a node ${host.name} at ${namesake.internalIp}, and this host is at ${host.address}`,
    { hint: `if that one is gone for good: kubectl delete node ${host.name}` },
  )
}
