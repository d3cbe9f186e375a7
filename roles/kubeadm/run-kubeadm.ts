import { sh } from '../../lib/index.ts'
import { BIN, CRI_SOCKET, LOCK, STATE, UNFINISHED } from './paths.ts'

const CONFIG = '/run/quorate-kubeadm.yaml'
const LOG = '/run/quorate-kubeadm.log'

/**
 * Shell: the bridge, tunnel and addresses that pods of an earlier cluster had. They fit no other one, and a node that
 * is just about to become one has no pods.
 */
export const FORGET_NETWORK = `for link in cni0 flannel.1; do ip link delete "$link" 2>/dev/null; done
rm -rf /var/lib/cni/networks /var/lib/cni/flannel /run/flannel`

/** How {@link kubeadmScript} runs kubeadm. */
export interface KubeadmOptions {
  /** Marks the node as unfinished until all is done. */
  readonly marks?: 'init' | 'join'
  /** Shell that runs before kubeadm. */
  readonly before?: string
  /** Shell that runs once kubeadm has succeeded. */
  readonly after?: string
}

/**
 * A script that runs kubeadm with the configuration on its stdin, which may hold secrets: it lies in a file of mode
 * 0600, in memory, for as long as kubeadm works. Killed together with its run or not, kubeadm works on to its end,
 * and holds the lock that the next run waits for.
 */
export function kubeadmScript(
  args: readonly string[],
  { marks, before = ':', after = ':' }: KubeadmOptions = {},
): string {
  return `umask 077
exec 9>${LOCK}
flock -n 9 || { echo 'another kubeadm is at work on this host' >&2; exit 1; }
trap 'rm -f ${CONFIG}' EXIT
trap 'exit 1' HUP INT TERM
cat >${CONFIG} || exit 1
${marks === undefined ? ':' : `echo ${marks} >${UNFINISHED}`} || exit 1
{ ${before}
} || exit 1
${sh`${BIN}/kubeadm ${[...args]} --config ${CONFIG}`.text} </dev/null >${LOG} 2>&1 || { tail -n 20 ${LOG} >&2; exit 1; }
{ ${after}
} || exit 1
${marks === undefined ? ':' : `rm -f ${UNFINISHED}`}`
}

/**
 * What clears a host of its part in a cluster. Without that phase left out, kubeadm (seen in 1.36) empties
 * /var/lib/etcd also where etcd is not its own, and so destroys the data of the etcd role's member.
 */
export function resetCommand(stackedEtcd: boolean): string {
  return stackedEtcd ? 'kubeadm reset --force' : 'kubeadm reset --force --skip-phases remove-etcd-member'
}

/** Clears what kubeadm and the kubelet left on this host; of a stacked etcd its data too. */
export function resetScript(stackedEtcd: boolean): string {
  return `umask 077
exec 9>${LOCK}
flock -n 9 || { echo 'another kubeadm is at work on this host' >&2; exit 1; }
${BIN}/${resetCommand(stackedEtcd)} --cri-socket ${CRI_SOCKET} </dev/null >${LOG} 2>&1 || { tail -n 20 ${LOG} >&2; exit 1; }
rm -rf /var/lib/kubelet/pki ${STATE}/unfinished ${STATE}/applied`
}
