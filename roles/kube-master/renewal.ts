import { type Resource, sh, step } from '../../lib/index.ts'
import { type Certificate, daysLeft } from '../kubeadm/certificates.ts'
import type { NodeState } from '../kubeadm/node-state.ts'
import { BIN, LOCK, RENEWING } from '../kubeadm/paths.ts'
import { COMPONENTS, CONFIG } from './control-plane.ts'

/** Certificates that end sooner are renewed. */
const RENEW_BEFORE_DAYS = 60
/** Verify fails where one ends sooner: runs have renewed it for a month, had there been any. */
const COMPLAIN_BEFORE_DAYS = 30
/** To replace a CA takes planning: it lives for ten years. */
const WARN_OF_AUTHORITY_DAYS = 365

/**
 * New certificates for a master before the first of them ends, and control-plane containers that use them: what these
 * have read from kubeconfigs they do not read again. etcd reads its own at each connection.
 */
export function renewedCertificates({ certificates: [first], renewing }: NodeState): Resource[] {
  if (first === undefined || (!renewing && daysLeft(first) >= RENEW_BEFORE_DAYS)) return []
  return [
    step(`renew the certificates, the first of which ends on ${dayOf(first)}`, {
      done: sh`[ ! -e ${RENEWING} ] && ! grep -qsF ${first.piece} ${first.path}`,
      run: `umask 077
exec 9>${LOCK}
flock -n 9 || { echo 'another kubeadm is at work on this host' >&2; exit 1; }
: >${RENEWING}
${BIN}/kubeadm certs renew all --config ${CONFIG} >/run/quorate-kubeadm.log 2>&1 || { tail -n 20 /run/quorate-kubeadm.log >&2; exit 1; }
for name in ${COMPONENTS.join(' ')}; do
  old=$(${BIN}/crictl ps --state running --name "^$name\\$" -q)
  [ -z "$old" ] || ${BIN}/crictl stop --timeout 60 $old >/dev/null || exit 1
  tries=120
  until new=$(${BIN}/crictl ps --state running --name "^$name\\$" -q) && [ -n "$new" ] && [ "$new" != "$old" ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "the kubelet did not restart $name" >&2; exit 1; }
    sleep 1
  done
done
rm -f ${RENEWING}`,
    }),
  ]
}

/** What is wrong with the certificates of a master; undefined where they last. */
export function endingProblem(name: string, { certificates, given }: NodeState): string | undefined {
  const first = [...certificates, ...given].find((each) => daysLeft(each) < COMPLAIN_BEFORE_DAYS)
  if (first === undefined) return undefined
  return `${first.path} of ${name} ${daysLeft(first) < 0 ? 'ended' : 'ends'} on ${dayOf(first)}`
}

/** What to tell of the cluster's CAs, which no run replaces; undefined where they last. */
export function authorityWarning({ authorities: [first] }: NodeState): string | undefined {
  if (first === undefined || daysLeft(first) >= WARN_OF_AUTHORITY_DAYS) return undefined
  return `the cluster's ${first.path} ends on ${dayOf(first)}, and every certificate with it: replace it in time, as Kubernetes' documentation of a manual rotation says`
}

function dayOf({ end }: Certificate): string {
  return end.toISOString().slice(0, 10)
}
