import { createHash } from 'node:crypto'
import { type PreflightContext, QuorateError, type Script, Secret, sh } from '../../lib/index.ts'
import { KUBERNETES } from '../kubeadm/paths.ts'
import { ENCRYPTION } from './api-server-files.ts'
import type { KubeMasterVars } from './vars.ts'

/**
 * An apiserver cannot read the Secrets that were written with a key which it does not have any more, and finds out only
 * when it is restarted.
 *
 * @throws QuorateError where this master encrypts with a key, and another one or none is wanted.
 */
export async function refuseOtherKey({
  vars,
  query,
}: Pick<PreflightContext<KubeMasterVars>, 'vars' | 'query'>): Promise<void> {
  const { stdout } = await query`
grep -qs encryption-provider-config ${KUBERNETES}/manifests/kube-apiserver.yaml || exit 0
${digestScript(ENCRYPTION)}`
  const problem = otherKeyProblem(stdout.trim(), vars.encryptionKey)
  if (problem === undefined) return
  throw new QuorateError(problem, {
    hint: 'give the key back that the cluster was made with; changing it needs both keys on all masters, and every Secret written anew',
  })
}

/** Shell: prints the digest of the key, as a line, that a file of {@link encryptionConfiguration} holds. */
export function digestScript(path: string): Script {
  return sh`sed -n 's/.*"secret":"\\([^"]*\\)".*/\\1/p' ${path} | sha256sum | cut -c 1-64`
}

/** @param used digest of the key that is in use, as a line; empty where none is. */
export function otherKeyProblem(used: string, wanted: Secret | string | undefined): string | undefined {
  if (used === '') return undefined
  if (wanted === undefined)
    return 'its Secrets are encrypted in etcd, and there is no encryptionKey to read them with'
  const key = wanted instanceof Secret ? wanted.reveal() : wanted
  const digest = createHash('sha256').update(`${key}\n`).digest('hex')
  return digest === used
    ? undefined
    : 'its Secrets are encrypted in etcd with another encryptionKey than the one that is given'
}
