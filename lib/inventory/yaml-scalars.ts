import type { ScalarTag, Tags } from 'yaml'
import { isTemplate } from '../template/is-template.ts'
import { Unsafe } from './deferred.ts'
import { exactInteger } from './python-number.ts'
import { VaultValue } from './vault-value.ts'

const INT =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

/**
 * Makes plain scalars mean what they mean to Ansible's YAML reader (PyYAML), which is YAML 1.1 with exceptions:
 * `y` and `1e3` are text. Dates stay text too.
 */
export function ansibleTags(tags: Tags): Tags {
  const kept = tags.filter((tag) => typeof tag === 'string' || !REPLACED.has(tag.tag))
  return [...SCALARS, ...kept, UNSAFE, VAULT, VAULT_ENCRYPTED]
}

// Those without a form of ours are no JSON: to use one is an error.
const REPLACED = new Set(
  ['bool', 'int', 'float', 'timestamp', 'binary', 'set', 'omap', 'pairs'].map(
    (name) => `tag:yaml.org,2002:${name}`,
  ),
)

const SCALARS: readonly ScalarTag[] = [
  scalar('bool', /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  scalar('bool', /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
  scalar('int', INT, toInteger),
  scalar('float', FLOAT, toFloat),
]

/** Text that must not be taken for a template. */
const UNSAFE: ScalarTag = { tag: '!unsafe', resolve: (text) => (isTemplate(text) ? new Unsafe(text) : text) }
const VAULT = vaultTag('!vault')
const VAULT_ENCRYPTED = vaultTag('!vault-encrypted')

function scalar(name: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag {
  return { tag: `tag:yaml.org,2002:${name}`, default: true, test, resolve }
}

function vaultTag(tag: string): ScalarTag {
  return { tag, resolve: (text) => new VaultValue(text) }
}

function toInteger(text: string): number | string {
  const negative = text.startsWith('-')
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '')
  const integer = digits.includes(':') ? base60(digits, BigInt) : BigInt(asLiteral(digits))
  return exactInteger(negative ? -integer : integer)
}

function asLiteral(digits: string): string {
  return /^0[0-7]+$/.test(digits) ? `0o${digits}` : digits
}

function toFloat(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '').toLowerCase()
  if (digits === '.inf') return sign * Number.POSITIVE_INFINITY
  if (digits === '.nan') return Number.NaN
  return sign * digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

function base60(digits: string, toBigInt: (part: string) => bigint): bigint {
  return digits.split(':').reduce((sum, part) => sum * 60n + toBigInt(part), 0n)
}
