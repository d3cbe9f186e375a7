import { randomBytes } from 'node:crypto'
import { QuorateError, type Resource, Script, Secret, sh, step } from '../../lib/index.ts'
import { type ClusterState, observeCluster } from '../kubeadm/cluster-state.ts'
import { kubectl, observeNode } from '../kubeadm/node-state.ts'
import { kubeadmScript } from '../kubeadm/run-kubeadm.ts'
import {
  acceptedToken,
  type BootstrapToken,
  deletedSecrets,
  forgottenNode,
  newToken,
  tokenSecretName,
} from '../kubeadm/tokens.ts'
import type { Master } from '../kubeadm/vars.ts'
import { keptConfiguration } from './control-plane.ts'
import { saveKubeconfig } from './kubeconfig.ts'
import { initDocuments } from './settings.ts'
import type { Work } from './work.ts'

/** What lets hosts in. */
export interface Invitation {
  readonly token: BootstrapToken
  readonly certificateKey: Secret
  readonly caCertHash: string
}

/** Makes the cluster ready for hosts that join: one host does it for all, and only where there are any. */
export async function invite(
  work: Work,
  leader: string | undefined,
  joining: readonly Master[],
  cluster: ClusterState | undefined,
): Promise<Invitation | undefined> {
  const { context, api, digest } = work
  const { host, everyone, apply } = context
  const isLeader = host.name === leader
  const isKept = cluster === undefined || cluster.configuration === digest
  if (isLeader && !isKept) await apply(keptConfiguration(work.config, digest, api))
  if (joining.length === 0) return undefined
  const invitations = await everyone('invitation', isLeader ? await newInvitation(work, joining) : undefined)
  const found = leader === undefined ? undefined : invitations.get(leader)
  if (found === undefined) throw new QuorateError(`${leader ?? 'no master'} could not let the others in`)
  return found
}

async function newInvitation(work: Work, joining: readonly Master[]): Promise<Invitation> {
  const { context, api } = work
  const { vars, apply, query } = context
  await vars.beforeJoins?.(context)
  const { check: provisional } = context
  const token = newToken()
  const certificateKey = newCertificateKey()
  const names = joining.map(({ name }) => name)
  await apply(
    ...names.map((name) => forgottenNode(name, api)),
    acceptedToken(token, api, provisional),
    sharedCertificates(work, { token, certificateKey }),
  )
  return { token, certificateKey, caCertHash: (await observeNode(query, api)).caHash ?? '' }
}

/** The cluster's keys lie encrypted in the cluster, for an hour or two, until all have joined. */
function sharedCertificates(
  { context, self, api, version }: Work,
  { token, certificateKey }: Pick<Invitation, 'token' | 'certificateKey'>,
): Resource {
  const documents = initDocuments(context.vars, self, version, { certificateKey })
  const ctl = new Script(`${kubectl(api)} -n kube-system`)
  const mark = `quorate/token=${token.id}`
  return step('share the certificates with masters that join', {
    done: sh`[ "$(${ctl} get secret kubeadm-certs -o ${'jsonpath={.metadata.annotations.quorate/token}'})" = ${token.id} ]`,
    run: kubeadmScript(['init', 'phase', 'upload-certs', '--upload-certs', '--skip-certificate-key-print'], {
      after: sh`${ctl} annotate --overwrite secret kubeadm-certs ${mark}`.text,
    }),
    input: documents,
    provisional: context.check,
  })
}

/** Nothing that lets hosts in outlives the run, and the administrator gets a way in. */
export async function tidyUp(
  { context, api }: Work,
  invitation: Invitation | undefined,
  cluster: ClusterState | undefined,
  made: boolean,
): Promise<void> {
  const { apply, vars, query, check } = context
  const now = made && !check ? await observeCluster(query, api) : cluster
  const tokens = [
    ...(now?.leftovers ?? []),
    ...(invitation ? [tokenSecretName(invitation.token)] : []),
    // What `kubeadm init` is going to leave.
    ...(made && check ? ['bootstrap-token'] : []),
  ]
  const secrets = [...tokens, ...(now?.certificateTokens ?? []), 'kubeadm-certs']
  if (tokens.length > 0) await apply(deletedSecrets([...new Set(secrets)], api))
  if (vars.kubeconfig !== undefined && !check) await saveKubeconfig(query, vars.kubeconfig)
}

/** 32 bytes in hex, as kubeadm wants it. */
function newCertificateKey(): Secret {
  return new Secret(randomBytes(32).toString('hex'))
}
