import { type LabRecord, labPaths } from './state.ts'

/** The inventory of a lab: the first three hosts are masters and etcd members, the rest (or all) are workers. */
export function formatInventory(lab: LabRecord): string {
  const names = lab.hosts.map(({ name }) => name)
  const masters = names.slice(0, 3)
  const workers = names.length > 3 ? names.slice(3) : names
  const { key, knownHosts } = labPaths(lab.name)
  return [
    `# Lab ${lab.name} (${lab.network}): written by the lab, gone with it.`,
    '[all]',
    ...lab.hosts.map(({ name, address }) => `${name} ansible_host=${address} ip=${address}`),
    ...['', '[etcd]', ...masters],
    ...['', '[kube-master]', ...masters],
    ...['', '[kube-node]', ...workers],
    ...['', '[k8s-cluster:children]', 'kube-master', 'kube-node'],
    ...['', '[all:vars]', 'ansible_user=root', `ansible_ssh_private_key_file=${key}`],
    `quorate_known_hosts=${knownHosts}`,
    '',
  ].join('\n')
}
