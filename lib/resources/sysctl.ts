import { callPlace } from '../engine/place.ts'
import type { Change, Observed, PlanContext, Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { sh } from '../quote.ts'
import { checkedPath } from './checked.ts'
import { file } from './file.ts'
import { bytesOf, contentNeed, contentProbe } from './probes/content.ts'
import { plainValue, sysctlNeed, sysctlPath, sysctlProbe } from './probes/sysctl.ts'

type Value = string | number

export interface SysctlOptions {
  /** Where the values are kept for the next boot; other keys in there stay. @default '/etc/sysctl.d/90-quorate.conf' */
  readonly file?: string
}

/**
 * Kernel parameters, now and after the next boot.
 *
 * @example sysctl({ 'net.ipv4.ip_forward': 1, 'net.ipv4.ip_local_port_range': '10240 60999' })
 * @example sysctl('vm.max_map_count', 262144)
 */
export function sysctl(key: string, value: Value, options?: SysctlOptions): Resource
export function sysctl(values: Readonly<Record<string, Value>>, options?: SysctlOptions): Resource
export function sysctl(
  first: string | Readonly<Record<string, Value>>,
  second?: Value | SysctlOptions,
  third?: SysctlOptions,
): Resource {
  const place = callPlace()
  const values = typeof first === 'string' ? { [first]: second as Value } : first
  const options = typeof first === 'string' ? third : (second as SysctlOptions | undefined)
  const path = checkedPath('sysctl', options?.file ?? '/etc/sysctl.d/90-quorate.conf')
  const wanted = checkedValues(values)
  const settings = (content: string) => file(path, { content })
  return {
    kind: 'sysctl',
    name: [...wanted.keys()].join(', '),
    place,
    needs: (context) => [
      ...[...wanted.keys()].map(sysctlNeed),
      contentNeed(path),
      ...settings('').needs(context),
    ],
    plan: (observed, context) => [
      ...planLive(wanted, observed),
      ...planKept(
        settings(merged(bytesOf(observed.get(contentProbe, path)), wanted)),
        path,
        observed,
        context,
      ),
    ],
  }
}

type Values = ReadonlyMap<string, string>

function checkedValues(values: Readonly<Record<string, Value>>): Values {
  const entries = Object.entries(values)
  if (entries.length === 0) throw new QuorateError('sysctl: name at least one key')
  for (const [key, value] of entries) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_./:@-]*$/.test(key) || key.includes('..')) {
      throw new QuorateError(`sysctl: '${key}' is not a key`, {
        hint: 'as in: net.ipv4.ip_forward, net/ipv4/conf/eth0.100/forwarding',
      })
    }
    if (
      !['string', 'number'].includes(typeof value) ||
      plainValue(String(value)) === '' ||
      /\n/.test(String(value))
    ) {
      throw new QuorateError(
        `sysctl ${key}: the value must be a number or text of one line, got ${JSON.stringify(value)}`,
      )
    }
  }
  return new Map(entries.map(([key, value]) => [key, plainValue(String(value))]))
}

function planLive(wanted: Values, observed: Observed): Change[] {
  const differing = [...wanted].filter(([key, value]) => presentValue(key, observed) !== value)
  if (differing.length === 0) return []
  return [
    {
      summary: differing.map(([key, value]) => `${key} ${presentValue(key, observed)} → ${value}`).join(', '),
      action: [SET, ...differing.map(([key, value]) => sh`set_key ${[key, sysctlPath(key), value]}`)].join(
        '\n',
      ),
      effects: { known: differing.map(([key, value]) => [sysctlNeed(key), value] as const) },
    },
  ]
}

function presentValue(key: string, observed: Observed): string {
  const value = observed.get(sysctlProbe, key)
  if (value !== undefined) return value
  throw new QuorateError(`sysctl ${key} does not exist on this host`, {
    hint: 'is the kernel module loaded that brings it? See kernelModule(): net.bridge.* comes with br_netfilter',
  })
}

const SET = `set_key() {
  (printf '%s\\n' "$3" >"$2") || { echo "sysctl $1 cannot be set to $3 on this host; it stays $(cat "$2")" >&2; exit 1; }
  present=$(set -f; set -- $(cat "$2"); echo "$*")
  [ "$present" = "$3" ] || { echo "sysctl $1: the kernel made '$present' of '$3': write it that way" >&2; exit 1; }
}`

function planKept(kept: Resource, path: string, observed: Observed, context: PlanContext): Change[] {
  return kept.plan(observed, context).map((change) => ({ ...change, summary: `${path}: ${change.summary}` }))
}

/** The file's content with the wanted values in place of what it says of these keys. */
function merged(content: Buffer | undefined, wanted: Values): string {
  const lines =
    content === undefined || content.length === 0 ? [] : content.toString().replace(/\n$/, '').split('\n')
  const missing = new Map([...wanted].map(([key, value]) => [sysctlPath(key), `${key} = ${value}`]))
  const kept = lines.flatMap((line) => {
    const key = /^\s*-?\s*([^#;\s=][^\s=]*)\s*=/.exec(line)?.[1]
    const path = key === undefined ? '' : sysctlPath(key)
    const replacement = missing.get(path)
    missing.delete(path)
    if (replacement !== undefined) return [replacement]
    return key !== undefined && [...wanted.keys()].some((one) => sysctlPath(one) === path) ? [] : [line]
  })
  return [...kept, ...missing.values()].map((line) => `${line}\n`).join('')
}
