import { isIP } from 'node:net'
import { callPlace } from '../engine/place.ts'
import type { Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { findBlock, makeBlock, replaceBlock } from './block.ts'
import { type EditLines, editNeeds, type Lines, planEdit } from './edit.ts'

const PATH = '/etc/hosts'
const RESERVED =
  /^(localhost[46]?(\.localdomain[46]?)?|ip6-(localhost|loopback|localnet|mcastprefix|allnodes|allrouters))$/
const NAME = /^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$/i

/** A line of /etc/hosts. */
export interface HostsEntry {
  /** IPv4 or IPv6. */
  readonly address: string
  /** The first is the canonical one. */
  readonly names: readonly string[]
}

export interface HostsEntriesOptions {
  /** Names the block that holds the entries: `# BEGIN marker`. Default: `quorate`. */
  readonly marker?: string
}

/**
 * Entries in /etc/hosts, in a block of their own; without entries, the block is removed. Lines outside of it stay, but
 * lose a name of ours that they map to another address of the same family: the first line of a name wins, so that ours
 * would be dead letters (`127.0.1.1 m1`, as Debian's installer writes it, is the usual case).
 *
 * @throws QuorateError for an address or name that is none, a name with two addresses, and names of localhost.
 */
export function hostsEntries(
  entries: readonly HostsEntry[],
  { marker = 'quorate' }: HostsEntriesOptions = {},
): Resource {
  const place = callPlace()
  const addresses = addressesOf(entries)
  const body = entries.map(({ address, names }) => `${address}\t${names.join(' ')}`)
  const edit = editHosts(marker, entries.length === 0 ? undefined : body, addresses)
  return {
    kind: 'hostsEntries',
    name: PATH,
    place,
    needs: () => editNeeds(PATH),
    plan: (observed, context) =>
      planEdit(PATH, { owner: 'root', group: 'root', mode: 0o644 }, observed, context, edit),
  }
}

/** Address of each of our names, by `family name`. */
type Addresses = ReadonlyMap<string, string>

function addressesOf(entries: readonly HostsEntry[]): Addresses {
  const addresses = new Map<string, string>()
  for (const { address, names } of entries) {
    if (isIP(address) === 0) throw new QuorateError(`hostsEntries: '${address}' is no IP address`)
    if (names.length === 0) throw new QuorateError(`hostsEntries: ${address} has no names`)
    for (const name of names) {
      const key = keyOf(address, name)
      const other = addresses.get(key)
      if (!NAME.test(name)) throw new QuorateError(`hostsEntries: '${name}' is no host name`)
      if (RESERVED.test(name.toLowerCase())) {
        throw new QuorateError(`hostsEntries: ${name} is not to be redefined`)
      }
      if (other === address) throw new QuorateError(`hostsEntries: ${name} is listed twice for ${address}`)
      if (other !== undefined) {
        throw new QuorateError(`hostsEntries: ${name} has two addresses, ${other} and ${address}`)
      }
      addresses.set(key, address)
    }
  }
  return addresses
}

function editHosts(marker: string, body: Lines | undefined, addresses: Addresses): EditLines {
  const block = makeBlock(marker, '#', body)
  return (lines) => {
    const found = findBlock(lines, block)
    const taken: string[] = []
    const isOurs = (index: number) => found !== undefined && index >= found.first && index <= found.last
    const freed = lines.flatMap((line, index) => (isOurs(index) ? [line] : takeNames(line, addresses, taken)))
    const edited = replaceBlock(freed, block)
    if (edited.join('\n') === lines.join('\n')) return undefined
    const what =
      body === undefined ? 'remove our entries' : `${body.length} ${body.length === 1 ? 'entry' : 'entries'}`
    return { lines: edited, summary: [what, ...taken].join('; ') }
  }
}

/** The line without those of our names that it maps elsewhere; no line where none is left. */
function takeNames(line: string, addresses: Addresses, taken: string[]): string[] {
  const [entry = '', ...comment] = line.split(/(?=#)/)
  const [address = '', ...names] = entry.trim().split(/\s+/)
  const kept = names.filter((name) => {
    const ours = addresses.get(keyOf(address, name))
    if (ours === undefined || ours === address) return true
    taken.push(`${name} was ${address}, now ${ours}`)
    return false
  })
  if (kept.length === names.length) return [line]
  return kept.length === 0 ? [] : [[`${address}\t${kept.join(' ')}`, ...comment].join(' ')]
}

function keyOf(address: string, name: string): string {
  return `${isIP(address)} ${name.toLowerCase()}`
}
