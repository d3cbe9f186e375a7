/**
 * Why members that run these versions must not be brought to `target`; undefined where they may. etcd goes up one minor
 * version at a time and never down. To 3.6 only late releases of 3.5 lead: earlier ones leave a membership behind in which 3.6
 * takes living members for removed ones, and these end themselves for good.
 */
export function upgradeProblem(running: Iterable<string>, target: string): string | undefined {
  for (const version of new Set(running)) {
    const [from, to] = [parse(version), parse(target)]
    if (to.minor < from.minor) return `etcd ${version} runs, and cannot go back to ${target}`
    if (to.minor > from.minor + 1) {
      return `etcd ${version} runs, and goes up one minor version at a time: 3.${from.minor + 1} comes before ${target}`
    }
    if (to.minor === 6 && from.minor === 5 && from.patch < LAST_STEP_BEFORE_3_6) {
      return `etcd ${version} runs, and ${target} is safe only after 3.5.${LAST_STEP_BEFORE_3_6} or a later 3.5`
    }
  }
  return undefined
}

/** Why `version` is too old for those who use the cluster; undefined where it is not. */
export function oldProblem(version: string, minimum: string | undefined): string | undefined {
  if (minimum === undefined) return undefined
  const [has, needs] = [parse(version), parse(minimum)]
  if (has.minor > needs.minor || (has.minor === needs.minor && has.patch >= needs.patch)) return undefined
  return `etcd ${version} is too old: ${minimum} is the oldest that this Kubernetes takes`
}

const LAST_STEP_BEFORE_3_6 = 32

function parse(version: string): { minor: number; patch: number } {
  const [, minor, patch] = /^3\.(\d+)\.(\d+)/.exec(version) ?? []
  return { minor: Number(minor), patch: Number(patch) }
}
