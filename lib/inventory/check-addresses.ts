import { formatPlace, type Place, type Problem } from '../errors.ts'
import { canonicalAddress, isBrokenAddress } from './address.ts'
import { connectionSettings, hostVariable } from './connection-settings.ts'
import { tryValue } from './evaluate.ts'
import type { Inventory, InventoryHost } from './types.ts'

/** A claim of a host to an address, and where it is written (a name has no place). */
interface Claim {
  readonly host: string
  readonly address: string
  readonly place: Place | undefined
}

/** Addresses that two hosts share, by connection (address and port) or by `ip`, and those that are none. */
export function checkAddresses(inventory: Inventory): Problem[] {
  const hosts = [...inventory.hosts.values()]
  return [
    ...hosts.flatMap(brokenAddresses),
    ...duplicates(hosts.flatMap(endpoint), 'is reached at the same address and port'),
    ...duplicates(hosts.flatMap(ip), 'has the same ip'),
  ]
}

function brokenAddresses(host: InventoryHost): Problem[] {
  const hint = 'Addresses look like 192.168.0.1 or fd00::1.'
  const problems: Problem[] = []
  if (isBrokenAddress(host.name)) problems.push({ message: `the host ${host.name} is no IP address`, hint })
  for (const name of ['ip', 'ansible_host', 'ansible_ssh_host']) {
    const variable = host.vars.get(name)
    if (variable === undefined) continue
    const { place } = variable
    const value = tryValue(variable, problems)
    // `10.0` has become a number on its way.
    if (typeof value === 'number' || (typeof value === 'string' && isBrokenAddress(value))) {
      problems.push({ message: `${name} of ${host.name}: ${value} is no IP address`, place, hint })
    }
  }
  return problems
}

function endpoint(host: InventoryHost): Claim[] {
  const { settings } = connectionSettings(host)
  if (!settings.transport.endsWith('ssh')) return []
  const address = `${canonicalAddress(settings.host)} port ${settings.port ?? 22}`
  return [{ host: host.name, address, place: hostVariable(host)?.place }]
}

function ip(host: InventoryHost): Claim[] {
  const variable = host.vars.get('ip')
  const address = variable && tryValue(variable)
  if (variable === undefined || typeof address !== 'string') return []
  return [{ host: host.name, address: canonicalAddress(address), place: variable.place }]
}

function duplicates(claims: readonly Claim[], what: string): Problem[] {
  const first = new Map<string, Claim>()
  const problems: Problem[] = []
  for (const claim of claims) {
    const earlier = first.get(claim.address)
    if (earlier === undefined) {
      first.set(claim.address, claim)
      continue
    }
    const where = earlier.place === undefined ? '' : ` (${formatPlace(earlier.place)})`
    problems.push({
      message: `duplicate address: ${claim.host} ${what} as ${earlier.host}${where}: ${claim.address}`,
      ...(claim.place === undefined ? {} : { place: claim.place }),
      hint: 'Two names for one host would be configured side by side. Give each host its own address.',
    })
  }
  return problems
}
