/**
 * First patch release of each minor whose `kubeadm init` talks to its own apiserver only, by kubernetes/kubernetes
 * PR 138449: cherry-picks 138685 (1.34), 138683 (1.35) and 138682 (1.36). Sources: CHANGELOG-1.35.md (v1.35.5) and
 * CHANGELOG-1.36.md (v1.36.1); cmd/kubeadm/app/cmd/init.go of v1.34.8.
 */
const FIRST_LOCAL: Readonly<Record<number, number>> = { 34: 8, 35: 5, 36: 1 }
const NEWEST = 36

/** Whether `kubeadm init` of a release such as `v1.36.2` asks for the VIP, so that kube-vip has to be there before. */
export function initCallsVip(version: string): boolean {
  const [, minor, patch] = /^v?1\.(\d+)\.(\d+)/.exec(version) ?? []
  if (minor === undefined) throw new Error(`not a version of Kubernetes: ${version}`)
  if (Number(minor) > NEWEST) return false
  return Number(patch) < (FIRST_LOCAL[Number(minor)] ?? Number.POSITIVE_INFINITY)
}
