import { QuorateError, type Resource, type Secret, sh, step, until } from '../../lib/index.ts'
import { type Document, joinConfiguration, secretDocuments } from '../kubeadm/documents.ts'
import { runningKubelet } from '../kubeadm/install.ts'
import { type NodeState, observeNode } from '../kubeadm/node-state.ts'
import { ADMIN_CONF, BIN, KUBELET_CONF, PKI, UNFINISHED } from '../kubeadm/paths.ts'
import { resetScript } from '../kubeadm/run-kubeadm.ts'
import { apiUrl } from '../kubeadm/urls.ts'
import { apiServerFiles } from './api-server-files.ts'
import { cgroupDriver } from './cgroup-driver.ts'
import { annotated, configFile, controlPlane, initialised, joined } from './control-plane.ts'
import type { Course } from './decide.ts'
import { requireEmptyEtcd } from './etcd.ts'
import type { Invitation } from './invite.ts'
import { renewedCertificates } from './renewal.ts'
import { initDocuments, registration } from './settings.ts'
import type { Work } from './work.ts'

/** Makes the cluster on this host; nobody else does. */
export async function init(work: Work, { reset }: Course): Promise<void> {
  const { context, self, api, digest, version } = work
  const { vars, apply, query, check } = context
  const resumed = (await query.nothrow`[ "$(cat ${UNFINISHED})" = init ]`).rc === 0
  await apply(...(reset ? [cleared(work)] : []), ...prerequisitesOf(work))
  if (!check && !resumed) await requireEmptyEtcd(query, vars)
  const kubeletConfiguration = { ...(await cgroupDriver(query)), ...vars.kubeletConfiguration } as Document
  const documents = initDocuments(vars, self, version, { kubeletConfiguration })
  await apply(initialised(documents, annotated(digest, api), resumed), runningKubelet())
  if (!check) await healthyApiServer(work)
}

/** What a master does when it is its turn. */
export async function turn(
  work: Work,
  { course }: Course,
  own: NodeState,
  invitation: Invitation | undefined,
): Promise<void> {
  const { context, self, config } = work
  const prerequisites = prerequisitesOf(work)
  if (course !== 'join') {
    // In check mode a cluster that is not there yet has nothing to be compared with.
    if (context.check && course === 'init') return
    const renewal = course === 'converge' ? renewedCertificates(own) : []
    await context.apply(...prerequisites, controlPlane(self.name, config), ...renewal, runningKubelet())
    return
  }
  const input = invitation && joinDocuments(work, invitation)
  await context.apply(...prerequisites, joined(input, context.check), runningKubelet())
}

/** @throws QuorateError where no other apiserver is left to answer while this one is away. */
export async function requireOthers({ context, api }: Work): Promise<void> {
  const { vars, query, host } = context
  const others = vars.masters.filter(({ name }) => name !== host.name)
  if (others.length === 0) return
  const urls = others.map((other) => apiUrl(other, vars.apiServerPort)).filter((url) => url !== api)
  const answers = await Promise.all(
    urls.map(
      (url) =>
        query.nothrow`${BIN}/kubectl --kubeconfig ${ADMIN_CONF} --server ${url} --request-timeout 5s get --raw /readyz`,
    ),
  )
  if (answers.some(({ stdout }) => stdout === 'ok')) return
  throw new QuorateError(
    `no other apiserver is ready: ${others.map(({ name }) => name).join(', ')} would leave the cluster without any`,
    {
      hint: 'bring another master back first',
    },
  )
}

/** Waits until the host's own apiserver is ready. */
export async function healthyApiServer({ context, api, self }: Work): Promise<void> {
  await until(
    async () => {
      const { ready, reason } = await observeNode(context.query, api)
      if (ready) return
      throw new QuorateError(`the apiserver of ${self.name} is not ready: ${reason}`, {
        hint: `see on ${self.name}: crictl ps -a, journalctl -u kubelet`,
      })
    },
    { seconds: 180, every: 2 },
  )
}

/** What kubeadm, and the static pods that it makes, find on the host. */
function prerequisitesOf({ context, config, etcdFiles }: Work): Resource[] {
  return [...etcdFiles(), ...apiServerFiles(context.vars).resources, configFile(config)]
}

function joinDocuments({ context, self }: Work, { token, certificateKey, caCertHash }: Invitation): Secret {
  const { vars } = context
  const discovery = { endpoint: vars.controlPlaneEndpoint, token: token.value.reveal(), caCertHash }
  const controlPlane = { certificateKey: certificateKey.reveal(), port: vars.apiServerPort }
  return secretDocuments([joinConfiguration(registration(vars, self), discovery, controlPlane)])
}

/** Nothing of an unfinished kubeadm is left on this host. */
export function cleared({ context }: Work): Resource {
  return step('clear what an unfinished kubeadm has left', {
    done: sh`[ ! -e ${UNFINISHED} ] && [ ! -e ${KUBELET_CONF} ] && [ ! -e ${PKI}/ca.crt ] && [ ! -e /etc/kubernetes/manifests/kube-apiserver.yaml ]`,
    run: resetScript(context.vars.etcd === 'stacked'),
  })
}
