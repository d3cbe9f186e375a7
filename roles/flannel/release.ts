import {
  type BundleFile,
  type BundleImage,
  binaryOf,
  imagesOf,
  QuorateError,
  readBundle,
} from '../../lib/index.ts'
import type { FlannelVars } from './vars.ts'

/** What flannel is run from. */
export interface Release {
  readonly image: string
  /** Installs the CNI plugin; undefined where it comes from the bundle. */
  readonly pluginImage?: string
  /** What nodes get from the bundle; undefined without one. */
  readonly bundled?: { readonly image: BundleImage; readonly plugin: BundleFile }
}

/** @throws QuorateError where there is a bundle, but without flannel. */
export async function releaseOf(vars: FlannelVars): Promise<Release> {
  const { bundle: path, imageRepository, version, cniPluginVersion } = vars
  if (path === undefined) {
    return {
      image: `${imageRepository}/flannel:${version}`,
      pluginImage: `${imageRepository}/flannel-cni-plugin:${cniPluginVersion}`,
    }
  }
  const bundle = await readBundle(path)
  const image = imagesOf(bundle).find(({ name }) => name === 'flannel')
  if (image === undefined) {
    throw new QuorateError(`the bundle ${bundle.directory} has no image flannel`, {
      hint: 'npm run bundle makes a complete one',
    })
  }
  return { image: image.reference, bundled: { image, plugin: binaryOf(bundle, 'flannel-cni') } }
}
