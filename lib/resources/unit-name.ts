import { QuorateError } from '../errors.ts'

const TYPES = 'service|socket|timer|target|mount|automount|path|slice|swap|scope|device'
const SUFFIX = new RegExp(`\\.(${TYPES})$`)

/**
 * A unit's full name: `haproxy` means `haproxy.service`.
 *
 * @throws QuorateError for what cannot be a unit's name.
 */
export function unitName(kind: string, name: string): string {
  if (!/^[A-Za-z0-9:_.\\@-]+$/.test(name) || name.startsWith('-')) {
    throw new QuorateError(`${kind}: '${name}' is not the name of a systemd unit`, {
      hint: 'as in: haproxy, etcd.service, fstrim.timer, getty@tty1.service',
    })
  }
  return SUFFIX.test(name) ? name : `${name}.service`
}
