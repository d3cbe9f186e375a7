import { QuorateError } from '../errors.ts'
import type { ArtifactSource } from './artifact-cache.ts'
import { checkedMode, checkedPath, checkedSha256 } from './checked.ts'

export interface ArtifactOptions {
  /** Names the artifact on the host, where a stamp in /var/lib/quorate/artifacts tells which one is installed. */
  readonly name: string
  /** Where the control machine fetches it from: http or https. Either this or `path`. */
  readonly url?: string
  /** Where it is on the control machine. */
  readonly path?: string
  /** Of what is fetched, in hex. */
  readonly sha256: string
  /** Default: `tar.gz` where `files` is given, else `none`. */
  readonly archive?: 'tar.gz' | 'none'
  /** Of an archive: where each member goes, `{ 'etcd-v3.6.4-linux-amd64/etcd': '/usr/local/bin/etcd' }`. */
  readonly files?: Readonly<Record<string, string>>
  /** Of a plain file: where it goes. */
  readonly to?: string
  /** Of the installed files, which belong to root. Default: 0o755. */
  readonly mode?: number
}

/** An artifact as it should be on a host. */
export interface DesiredArtifact {
  readonly name: string
  readonly source: ArtifactSource
  /** Destination by member; a plain file has the empty member. */
  readonly files: ReadonlyMap<string, string>
  /** Where the host keeps which members it got, for an archive: their digests are unknown until it is fetched. */
  readonly stamp: string | undefined
  readonly mode: number
}

/** @throws QuorateError for options that contradict each other or cannot be meant. */
export function desiredArtifact(options: ArtifactOptions): DesiredArtifact {
  const { name, to, files, mode = 0o755 } = options
  const { archive = files === undefined ? 'none' : 'tar.gz' } = options
  const subject = `artifact ${name}`
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new QuorateError(`artifact: '${name}' is no name: letters, digits, '.', '_', '-'`)
  }
  return {
    name,
    source: checkedSource(subject, options),
    files: archive === 'none' ? plainFile(subject, to, files) : members(subject, to, files),
    stamp: archive === 'none' ? undefined : `/var/lib/quorate/artifacts/${name}`,
    mode: checkedMode(subject, mode),
  }
}

function checkedSource(subject: string, { url, path, sha256 }: ArtifactOptions): ArtifactSource {
  const digest = { sha256: checkedSha256(subject, sha256) }
  if (url !== undefined && path === undefined) {
    if (isHttp(url)) return { ...digest, url }
    throw new QuorateError(`${subject}: '${url}' is no http or https URL`)
  }
  if (url === undefined && path !== undefined) return { ...digest, path }
  throw new QuorateError(`${subject}: give either url or path`)
}

function plainFile(subject: string, to: string | undefined, files: object | undefined): Map<string, string> {
  if (files !== undefined) {
    throw new QuorateError(`${subject}: 'files' is for archives`, { hint: `give archive: 'tar.gz', or 'to'` })
  }
  if (to === undefined) throw new QuorateError(`${subject}: 'to' is missing: where the file goes`)
  return new Map([['', checkedPath(subject, to)]])
}

function members(
  subject: string,
  to: string | undefined,
  files: Readonly<Record<string, string>> = {},
): Map<string, string> {
  const entries = Object.entries(files)
  if (to !== undefined || entries.length === 0) {
    throw new QuorateError(`${subject}: an archive needs 'files': where each of its members goes`)
  }
  const destinations = new Set<string>()
  for (const [member, path] of entries) {
    if (/^[/-]|(^|\/)\.\.(\/|$)|\n|^$/.test(member)) {
      throw new QuorateError(`${subject}: '${member}' is no member of an archive`)
    }
    if (destinations.has(path)) throw new QuorateError(`${subject}: two members go to ${path}`)
    destinations.add(checkedPath(subject, path))
  }
  return new Map(entries)
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}
