import { parseReference } from '../bundle/reference.ts'
import { callPlace } from '../engine/place.ts'
import type { Change, Observed, Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { sh } from '../quote.ts'
import type { Connection } from '../transport/connection.ts'
import { localArtifact } from './artifact-cache.ts'
import { checkedSha256 } from './checked.ts'
import { IMAGES, type ImageState, imageNeed, imageProbe, imageRecord } from './probes/image.ts'
import { unitNeed, unitProbe } from './probes/unit.ts'
import { requireSpace } from './surroundings.ts'
import { runScript, temporaryPrefix } from './write.ts'

export interface ImageOptions {
  /** An archive on the control machine, as `ctr images export` or `docker save` write it. */
  readonly source: string
  /** Of the archive, in hex. An image that was imported from another archive is imported anew. */
  readonly sha256: string
}

/**
 * A container image in containerd's namespace k8s.io, imported from an archive that the control machine pushes: hosts
 * need no registry.
 *
 * @example image('registry.k8s.io/pause:3.10.2', { source: 'bundle/images/pause.tar', sha256: '9f86d0…' })
 * @throws QuorateError for a name that is not written in full: containerd stores names as they are.
 */
export function image(reference: string, { source, sha256 }: ImageOptions): Resource {
  const place = callPlace()
  parseReference(reference)
  const wanted = {
    reference,
    source,
    sha256: checkedSha256(`image ${reference}`, sha256),
  }
  return {
    kind: 'image',
    name: reference,
    place,
    needs: ({ facts }) => [imageNeed(reference), ...(facts.systemd ? [unitNeed('containerd.service')] : [])],
    plan: (observed, { facts }) => plan(wanted, observed, facts.systemd),
  }
}

interface WantedImage {
  readonly reference: string
  readonly source: string
  readonly sha256: string
}

function plan(wanted: WantedImage, observed: Observed, systemd: boolean): Change[] {
  const { reference, sha256 } = wanted
  const found = observed.get(imageProbe, reference)
  const starts = systemd && observed.get(unitProbe, 'containerd.service').active === 'active'
  requireContainerd(found, starts)
  if (found.present && found.archive === sha256) return []
  const state: ImageState = { containerd: 'answers', reason: '', present: true, archive: sha256 }
  return [
    {
      summary: summaryOf(found),
      action: (connection) => importUnlessThere(connection, wanted, found),
      effects: { known: [[imageNeed(reference), state]] },
    },
  ]
}

/** @throws QuorateError where nothing could import an image, and no earlier resource will have started it by then. */
function requireContainerd({ containerd, reason }: ImageState, starts: boolean): void {
  if (containerd === 'absent') {
    throw new QuorateError('containerd is not installed on this host: there is no ctr', {
      hint: "put its package and service('containerd', { state: 'running' }) before it",
    })
  }
  if (containerd === 'answers' || starts) return
  throw new QuorateError(`containerd does not answer: ${reason}`, {
    hint: "put service('containerd', { state: 'running' }) before it; systemctl status containerd tells why it is down",
  })
}

function summaryOf({ containerd, present, archive }: ImageState): string {
  if (containerd === 'silent') return 'import, unless it is there once containerd runs'
  if (!present) return 'import'
  return archive === undefined
    ? 'import: what is there came from elsewhere'
    : 'import: its archive has changed'
}

async function importUnlessThere(
  connection: Connection,
  wanted: WantedImage,
  planned: ImageState,
): Promise<void> {
  const { reference, sha256 } = wanted
  if (planned.containerd === 'silent') {
    const { stdout } = await connection.run(imageProbe.script([reference]))
    const [now] = imageProbe.parse(stdout, [reference])
    if (now?.present && now.archive === sha256) return
  }
  await importImage(connection, wanted)
}

/** Pushes and imports. The record goes first and comes back last: whoever is interrupted begins again. */
async function importImage(
  connection: Connection,
  { reference, source, sha256 }: WantedImage,
): Promise<void> {
  const archive = await localArtifact({ path: source, sha256 })
  requireSpace(connection.facts, IMAGES, archive.size)
  const record = imageRecord(reference)
  const temporary = `${temporaryPrefix(record)}import`
  await runScript(connection, sh`umask 077; mkdir -p -- ${IMAGES} && rm -f -- ${record} ${temporary}`.text)
  try {
    await connection.upload(archive.path, temporary)
    await runScript(connection, importScript(reference, sha256, temporary))
  } finally {
    await connection.run(sh`rm -f -- ${temporary}`.text).catch(() => undefined)
  }
}

/** containerd compares every blob with its digest, so what did not arrive whole is refused there. */
function importScript(reference: string, sha256: string, archive: string): string {
  const record = imageRecord(reference)
  return [
    'fail() { printf \'%s\\n\' "$1" >&2; exit 1; }',
    sh`said=$(ctr -n k8s.io images import ${archive} 2>&1) || fail "ctr cannot import it: $said"`,
    sh`ctr -n k8s.io images ls -q | grep -qxF ${reference} || fail "the archive does not hold ${reference}; ctr says: $said"`,
    sh`printf '%s\n' ${sha256} >${record}`,
  ].join('\n')
}
