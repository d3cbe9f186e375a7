import { type Resource, type Script, sh, step } from '../../lib/index.ts'

/**
 * Objects of the cluster, applied by the server and compared with the live ones by it: done where it would change
 * nothing, whoever changed what.
 */
export function appliedManifest(name: string, kubectl: Script, manifest: string): Resource {
  const options = sh`--server-side --force-conflicts --field-manager=quorate -f -`
  return step(name, {
    done: sh`printf %s ${manifest} | ${kubectl} diff ${options}`,
    run: sh`printf %s ${manifest} | ${kubectl} apply ${options}`,
  })
}
