import { type PreflightContext, QuorateError } from '../../lib/index.ts'
import { oldProblem } from './upgrade.ts'
import type { EtcdVars } from './vars.ts'

/**
 * Looks which etcd the distribution has, where that is what the host gets. What cannot be known (a host that has no
 * list of packages yet) is not refused.
 *
 * @throws QuorateError where it is too old for those who use the cluster.
 */
export async function refuseOldPackage({
  vars,
  query,
}: Pick<PreflightContext<EtcdVars>, 'vars' | 'query'>): Promise<void> {
  if (vars.source !== 'package' || vars.minimumVersion === undefined) return
  const { stdout } = await query`
/usr/bin/etcd --version 2>/dev/null | sed -n 's/^etcd Version: *//p'
apt-cache policy etcd-server 2>/dev/null | sed -n 's/^ *Candidate: *//p'
:`
  const [, version] = /^(\d+\.\d+\.\d+)/m.exec(stdout) ?? []
  const problem = version === undefined ? undefined : oldProblem(version, vars.minimumVersion)
  if (problem === undefined) return
  throw new QuorateError(`the distribution's ${problem}`, {
    hint: 'leave etcd_source out to have the etcd of the bundle, or give a release: { url or path, sha256, version }',
  })
}
