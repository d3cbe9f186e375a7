import type { Query } from '../../lib/index.ts'
import type { Document } from '../kubeadm/documents.ts'

/**
 * The field of a KubeletConfiguration that has the kubelet manage cgroups as this host's containerd does: where the two
 * differ pods do not start. Nothing where containerd does not say, as before 1.6's configuration of its own.
 */
export async function cgroupDriver(query: Query): Promise<Document> {
  const { lines } =
    await query`sed -n 's/^ *SystemdCgroup *= *\\([a-z]*\\).*/\\1/p' /etc/containerd/config.toml 2>/dev/null; :`
  return driverOf(lines[0])
}

/** From the value of SystemdCgroup. */
export function driverOf(systemdCgroup: string | undefined): Document {
  if (systemdCgroup === 'true') return { cgroupDriver: 'systemd' }
  return systemdCgroup === 'false' ? { cgroupDriver: 'cgroupfs' } : {}
}
