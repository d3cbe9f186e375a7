/** Minor versions of Kubernetes that the roles were made for and are tested with. */
export const SUPPORTED_MINORS: readonly number[] = [34, 35, 36]

/** Why a version such as `v1.36.2` cannot be installed; undefined where it can. */
export function versionProblem(version: string): string | undefined {
  const [, minor] = /^v1\.(\d+)\.\d+$/.exec(version) ?? []
  if (minor === undefined) return `'${version}' is no version of Kubernetes: expected one such as v1.36.2`
  if (SUPPORTED_MINORS.includes(Number(minor))) return undefined
  const supported = SUPPORTED_MINORS.map((supported) => `1.${supported}`).join(', ')
  return `Kubernetes ${version} is not supported: ${supported} are`
}
