import { image, imagesOf, QuorateError, type Resource, readBundle } from '../../lib/index.ts'
import type { KubeVipVars } from './vars.ts'

interface Release {
  readonly reference: string
  /** What brings the image to a node: nothing where nodes pull it. */
  readonly resources: readonly Resource[]
  /** The version of Kubernetes that it is used with. */
  readonly kubernetes: string | undefined
}

/** @throws QuorateError where there is a bundle, but without kube-vip. */
export async function imageOf(vars: KubeVipVars): Promise<Release> {
  const { kubernetesVersion } = vars
  if (vars.bundle === undefined)
    return { reference: vars.image, resources: [], kubernetes: kubernetesVersion }
  const bundle = await readBundle(vars.bundle)
  const found = imagesOf(bundle).find(({ name }) => name === 'kube-vip')
  if (found === undefined) {
    throw new QuorateError(`the bundle ${bundle.directory} has no image kube-vip`, {
      hint: 'npm run bundle makes a complete one',
    })
  }
  const { reference, path, sha256 } = found
  return {
    reference,
    resources: [image(reference, { source: path, sha256 })],
    kubernetes: kubernetesVersion ?? bundle.kubernetes,
  }
}
