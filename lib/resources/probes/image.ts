import type { Need, Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'

/** Directory on the host with a file for each imported image: the sha256 of its archive. */
export const IMAGES = '/var/lib/quorate/images'

/** What containerd has under an image's name, in the namespace that the kubelet uses. */
export interface ImageState {
  /** `absent`: there is no `ctr`; `silent`: it does not answer. */
  readonly containerd: 'answers' | 'silent' | 'absent'
  /** Why it does not answer; empty where it does. */
  readonly reason: string
  readonly present: boolean
  /** Of the archive that the image was last imported from; undefined where that was not by us. */
  readonly archive: string | undefined
}

/** One `ctr images ls` for all images. */
export const imageProbe: Probe<ImageState> = {
  name: 'image',
  script: (references) => `if ! command -v ctr >/dev/null; then echo absent
elif images=$(ctr -n k8s.io images ls -q 2>&1); then echo answers; printf '%s\\n' "$images"
else echo silent; printf '%s\\n' "$images"; fi
printf '\\0'
for record in ${sh`${references.map(imageRecord)}`}; do
  archive=
  [ ! -r "$record" ] || IFS= read -r archive <"$record"
  printf '%s\\n' "$archive"
done`,
  parse(stdout, references) {
    const [listing = '', records = ''] = stdout.toString().split('\0')
    const [first, ...names] = listing.trim().split('\n')
    const archives = records.split('\n')
    const containerd = first === 'answers' || first === 'silent' ? first : 'absent'
    return references.map((reference, index) => ({
      containerd,
      reason: containerd === 'silent' ? names.join(' ') : '',
      present: containerd === 'answers' && names.includes(reference),
      archive: archives[index] || undefined,
    }))
  },
}

/** The need of one image's state. */
export function imageNeed(reference: string): Need<ImageState> {
  return { probe: imageProbe, arg: reference }
}

/** Where the digest of an image's archive is kept. */
export function imageRecord(reference: string): string {
  return `${IMAGES}/${encodeURIComponent(reference)}`
}
