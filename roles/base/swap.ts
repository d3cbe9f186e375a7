import { file, type Resource, step } from '../../lib/index.ts'
import type { Node } from './observe.ts'

const COMMENT = '# swap is off (Quorate, role base): '

// Units that a generator makes (from /etc/fstab, the partition table, for zram) come back at every boot unless masked.
const UNITS = `systemctl list-units --type=swap --all --plain --no-legend | awk '$2 == "loaded" { print $1 }'`

/** Exits with 0 where no swap is in use, and none will be after a boot. */
export const SWAP_IS_OFF = `[ "$(wc -l </proc/swaps)" -le 1 ] && [ -z "$(${UNITS})" ]`

export const SWAP_OFF = `swapoff -a && ${UNITS} | while IFS= read -r unit; do systemctl mask -- "$unit" || exit; done`

/** No swap, now and after the next boot. A container can neither see nor have swap of its own. */
export function swapOff({ container, fstab }: Pick<Node, 'container' | 'fstab'>): Resource[] {
  const wanted = withoutSwap(fstab)
  return [
    ...(wanted.equals(fstab) ? [] : [file('/etc/fstab', { content: wanted, backup: true })]),
    ...(container ? [] : [step('swap off', { done: SWAP_IS_OFF, run: SWAP_OFF })]),
  ]
}

/** The lines of /etc/fstab, those that are swap commented out; whatever their encoding. */
export function withoutSwap(fstab: Buffer): Buffer {
  const lines = fstab.toString('latin1').split('\n')
  const edited = lines.map((line) => (/^\s*[^#\s]\S*\s+\S+\s+swap(\s|$)/.test(line) ? COMMENT + line : line))
  return Buffer.from(edited.join('\n'), 'latin1')
}
