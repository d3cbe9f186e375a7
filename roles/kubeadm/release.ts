import {
  artifact,
  type Bundle,
  binaryOf,
  type Facts,
  image,
  imagesOf,
  QuorateError,
  type Resource,
  readBundle,
} from '../../lib/index.ts'
import { type PackageRepository, packagedPrograms } from './packages.ts'
import { BIN } from './paths.ts'
import { versionProblem } from './version.ts'

/** What a node is made from: a bundle, or packages of a version and images that nodes pull. */
export interface Release {
  readonly version: string
  /** Puts programs and images on a host. */
  resources(programs: readonly string[], images: readonly string[]): Resource[]
}

export interface ReleaseVars {
  readonly bundle?: string | undefined
  readonly version?: string | undefined
  readonly packageRepository?: PackageRepository | undefined
}

interface Context {
  readonly vars: ReleaseVars
  readonly facts: Facts
  once<T>(name: string, make: () => Promise<T>): Promise<T>
}

/**
 * The release that a host gets.
 *
 * @throws QuorateError where the bundle has another one than is wanted, one that is not supported, or is for another architecture.
 */
export async function releaseOf({ vars, facts, once }: Context): Promise<Release> {
  const { bundle: path, version } = vars
  if (path !== undefined) return bundled(await once('bundle', () => readBundle(path)), version, facts)
  // The schema refuses neither.
  const wanted = version as string
  return {
    version: wanted,
    resources: (programs) => packagedPrograms(wanted, programs, facts, vars.packageRepository),
  }
}

function bundled(bundle: Bundle, version: string | undefined, { architecture }: Facts): Release {
  if (version !== undefined && version !== bundle.kubernetes) {
    throw new QuorateError(
      `the bundle ${bundle.directory} holds Kubernetes ${bundle.kubernetes}, not ${version}`,
      { hint: `npm run bundle -- --kubernetes ${version} --out DIR makes one` },
    )
  }
  const problem = versionProblem(bundle.kubernetes)
  if (problem !== undefined) throw new QuorateError(`the bundle ${bundle.directory}: ${problem}`)
  if (ARCHITECTURES[architecture] !== bundle.architecture) {
    throw new QuorateError(
      `the bundle ${bundle.directory} is for ${bundle.architecture}, this host is ${architecture}`,
    )
  }
  return {
    version: bundle.kubernetes,
    resources: (programs, images) => [
      ...programs.map((name) => program(bundle, name)),
      ...importedImages(bundle, images),
    ],
  }
}

function program(bundle: Bundle, name: string): Resource {
  const { path, sha256 } = binaryOf(bundle, name)
  return artifact({ name, path, sha256, to: `${BIN}/${name}` })
}

function importedImages(bundle: Bundle, names: readonly string[]): Resource[] {
  const images = imagesOf(bundle)
  return names.map((name) => {
    const found = images.find((image) => image.name === name)
    if (found === undefined) {
      throw new QuorateError(`the bundle ${bundle.directory} has no image ${name}`, {
        hint: 'npm run bundle makes a complete one',
      })
    }
    return image(found.reference, { source: found.path, sha256: found.sha256 })
  })
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' }
