import {
  certificateAuthority,
  directory,
  file,
  issue,
  type Query,
  QuorateError,
  quote,
  type Resource,
  sh,
  step,
} from '../../lib/index.ts'
import { ETCD_CA, ETCD_CERT, ETCD_KEY } from '../kubeadm/documents.ts'
import { BIN, PKI } from '../kubeadm/paths.ts'
import type { Master } from '../kubeadm/vars.ts'
import type { KubeMasterVars } from './vars.ts'

/** The client certificate that apiservers show to an etcd which is not kubeadm's; none where it is. */
export async function etcdClientFiles({ etcd }: KubeMasterVars, check: boolean): Promise<() => Resource[]> {
  if (etcd === 'stacked') return () => []
  const ca = await certificateAuthority(etcd.pkiDir, { commonName: 'etcd', check })
  const { cert, key, provisional } = await issue(ca, 'apiserver-etcd-client', {
    commonName: 'apiserver-etcd-client',
    usages: ['client'],
  })
  return () => [
    directory(PKI),
    directory(`${PKI}/etcd`),
    file(ETCD_CA, { content: ca.certificate, provisional: ca.provisional }),
    file(ETCD_CERT, { content: cert, provisional }),
    file(ETCD_KEY, { content: key, mode: 0o600, provisional }),
  ]
}

/**
 * Looks, before a cluster is made, whether etcd keeps one already: a new cluster would take over its objects, but
 * not its keys, and never work.
 *
 * @throws QuorateError where it does, or where etcd does not answer.
 */
export async function requireEmptyEtcd(query: Query, { etcd }: KubeMasterVars): Promise<void> {
  if (etcd === 'stacked') return
  const { stdout, stderr, rc } =
    await query.nothrow`env ETCDCTL_API=3 ${BIN}/etcdctl --dial-timeout 3s --command-timeout 8s --cacert ${ETCD_CA} --cert ${ETCD_CERT} --key ${ETCD_KEY} --endpoints ${etcd.endpoints.join(',')} get /registry/ --prefix --keys-only --limit 1`
  if (rc !== 0) {
    throw new QuorateError(
      `etcd at ${etcd.endpoints.join(', ')} does not answer: ${stderr.trim().split('\n').at(-1)}`,
      {
        hint: 'the control plane needs it first: is the etcd role done with its hosts?',
      },
    )
  }
  if (stdout.trim() === '') return
  throw new QuorateError(
    'etcd holds the objects of a cluster, but no master has a control plane: their keys are gone',
    {
      hint: 'bring back /etc/kubernetes/pki of any master; or, to begin with an empty cluster, etcdctl del /registry/ --prefix',
    },
  )
}

/** A member of kubeadm's etcd that a master has lost, or never finished, is taken out before that master joins. */
export function withoutMember(master: Master): Resource {
  const url = quote(`https://${master.address}:2380`)
  const list = `${ETCDCTL} member list | awk -F ', ' -v url=${url} '$4 == url { print $1 }'`
  return step(`take the etcd member of ${master.name} out`, {
    done: `members=$(${list}) && [ -z "$members" ]`,
    run: `id=$(${list}) && ${ETCDCTL} member remove "$id"`,
  })
}

const ETCDCTL =
  sh`env ETCDCTL_API=3 ${BIN}/etcdctl --dial-timeout 3s --command-timeout 8s --endpoints https://127.0.0.1:2379 --cacert ${PKI}/etcd/ca.crt --cert ${PKI}/etcd/healthcheck-client.crt --key ${PKI}/etcd/healthcheck-client.key`
    .text
