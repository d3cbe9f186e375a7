import { Secret } from '../secret.ts'
import { isTemplate } from '../template/is-template.ts'
import { openVault } from '../vault/keychain.ts'
import { Deferred } from './deferred.ts'

/** A value that is encrypted on its own, `!vault`. It is opened when somebody reads it. */
export class VaultValue extends Deferred {
  override open(): string {
    return openVault(super.open())
  }

  /** As in Ansible's inventories in JSON. */
  toJSON(): object {
    return { __ansible_vault: super.open() }
  }
}

/** A template out of an encrypted file: what it stands for is secret. */
class HiddenTemplate extends Deferred {
  toJSON(): string {
    return '***'
  }
}

/** What an encrypted file says, with every text in it as a secret. */
export function hide(value: unknown): unknown {
  if (typeof value === 'string') return isTemplate(value) ? new HiddenTemplate(value) : new Secret(value)
  if (Array.isArray(value)) return value.map(hide)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hide(item)]))
}
