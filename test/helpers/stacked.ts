import type { Cluster } from './cluster.ts'

/** IDs of the voting members of a stacked etcd by name, as a host tells. */
export async function stackedMembers({ lab }: Cluster, host: string): Promise<Map<string, string>> {
  const { stdout } = await lab.exec(host, stackedEtcdctl('member list'))
  const lines = stdout.split('\n').map((line) => line.split(', '))
  return new Map(
    lines.filter(([, , , , , learner]) => learner === 'false').map(([id = '', , name = '']) => [name, id]),
  )
}

/** Shell: etcdctl of a host with a member of a stacked etcd. */
export function stackedEtcdctl(command: string): string {
  const pki = '/etc/kubernetes/pki/etcd'
  return `etcdctl --endpoints https://127.0.0.1:2379 --cacert ${pki}/ca.crt --cert ${pki}/server.crt --key ${pki}/server.key ${command}`
}

/** Everything of Kubernetes and etcd is gone, as with a new disk. */
export async function loseStackedMaster({ lab }: Cluster, name: string): Promise<void> {
  await lab.exec(
    name,
    `systemctl stop kubelet
crictl ps -aq | xargs -r crictl rm -f
crictl pods -q | xargs -r crictl rmp -f
for mounted in $(grep -o '/var/lib/kubelet[^ ]*' /proc/mounts); do umount -l "$mounted"; done
rm -rf /etc/kubernetes /var/lib/etcd /var/lib/kubelet`,
  )
}
