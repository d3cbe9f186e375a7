import { QuorateError } from '../errors.ts'

/** An image's full name, in its parts. */
export interface Reference {
  /** `registry.k8s.io`, with a port where one is given. */
  readonly registry: string
  readonly repository: string
  /** What a registry is asked for: the digest where there is one, else the tag. */
  readonly selector: string
  readonly tag: string | undefined
  /** `sha256:…`. */
  readonly digest: string | undefined
}

const PATTERN =
  /^((?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d+)?|[a-z0-9-]+:\d+)\/([a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/

/** @throws QuorateError for anything but a full name with a tag or digest: Kubernetes and containerd each complete short ones their own way. */
export function parseReference(reference: string): Reference {
  const [, registry = '', repository = '', tag, digest] = PATTERN.exec(reference) ?? []
  const selector = digest ?? tag
  if (selector !== undefined) return { registry, repository, selector, tag, digest }
  throw new QuorateError(`'${reference}' is no full image name`, {
    hint: 'registry, repository and tag, as in: registry.k8s.io/pause:3.10.2',
  })
}
