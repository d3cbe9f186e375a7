import { existsSync, readdirSync } from 'node:fs'
import { QuorateError } from '../errors.ts'
import { networksOverlap } from '../ipv4.ts'
import { run, tryRun, waitUntil } from './run.ts'
import { type LabRecord, listLabs, readLab } from './state.ts'

/** Where a lab's /24 is taken from: the first that this machine does not use, in a range few networks use. */
const RANGES = ['10.213', '172.29', '192.168']

/** What of a lab is its network. */
export type LabNetwork = Pick<LabRecord, 'network' | 'gateway' | 'bridge'>

/** A network that no route of this machine and no other lab touches. @throws QuorateError when all are taken. */
export async function chooseNetwork(): Promise<LabNetwork> {
  const routes = JSON.parse(await run('ip', ['-4', '-j', 'route', 'show', 'table', 'all'])) as {
    dst: string
  }[]
  const labs = listLabs().map((name) => readLab(name)?.network ?? '')
  const network = findFreeNetwork([...routes.map((route) => route.dst), ...labs])
  if (network === undefined) throw new QuorateError('no private /24 network is free on this machine')
  const [, second, third] = network.split('.')
  return { network, gateway: network.replace(/0\/24$/, '1'), bridge: `qlab-${second}-${third}` }
}

/** The first /24 of the lab's ranges that overlaps none of the `taken` addresses and networks. */
export function findFreeNetwork(taken: readonly string[]): string | undefined {
  const candidates = RANGES.flatMap((range) =>
    Array.from({ length: 256 }, (_, third) => `${range}.${third}.0/24`),
  )
  return candidates.find((candidate) => !taken.some((other) => networksOverlap(candidate, other)))
}

/** Creates a lab's bridge and lets its hosts out through this machine's own address. */
export async function createNetwork({ network, gateway, bridge }: LabNetwork): Promise<void> {
  // a fixed MAC address: a bridge otherwise takes one of its ports', and changes it when a host comes or goes
  const mac = `02:71:${network
    .split('.')
    .slice(0, 4)
    .map((part) => hex(Number.parseInt(part, 10)))
    .join(':')}`
  await run('ip', ['link', 'add', bridge, 'address', mac, 'type', 'bridge'])
  await run('ip', ['address', 'add', `${gateway}/24`, 'dev', bridge])
  await run('ip', ['link', 'set', bridge, 'up'])
  for (const { table, chain, rule } of firewallRules(network, bridge)) {
    await run('iptables', ['-w', '-t', table, '-I', chain, ...rule])
  }
}

/** Removes what `createNetwork` created, or as much of it as there is. */
export async function removeNetwork({ network, bridge }: LabNetwork): Promise<void> {
  for (const { table, chain, rule } of firewallRules(network, bridge)) {
    while ((await tryRun('iptables', ['-w', '-t', table, '-D', chain, ...rule])).rc === 0);
  }
  if (!bridgeExists(bridge)) return
  // the kernel takes its time over the interfaces of hosts that are gone
  for (const port of readdirSync(`/sys/class/net/${bridge}/brif`))
    await tryRun('ip', ['link', 'delete', port])
  await tryRun('ip', ['link', 'delete', bridge])
  if (await waitUntil(() => !bridgeExists(bridge), 5)) return
  throw new QuorateError(`the bridge ${bridge} could not be removed`)
}

/** Whether a lab's bridge is there: it is not after this machine was restarted. */
export function bridgeExists(bridge: string): boolean {
  return existsSync(`/sys/class/net/${bridge}`)
}

function firewallRules(network: string, bridge: string) {
  const established = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED']
  return [
    // not out of the bridge: traffic between hosts keeps its source, even where bridges pass iptables
    { table: 'nat', chain: 'POSTROUTING', rule: ['-s', network, '!', '-o', bridge, '-j', 'MASQUERADE'] },
    { table: 'filter', chain: 'FORWARD', rule: ['-i', bridge, '-j', 'ACCEPT'] },
    { table: 'filter', chain: 'FORWARD', rule: ['-o', bridge, ...established, '-j', 'ACCEPT'] },
  ]
}

function hex(part: number): string {
  return part.toString(16).padStart(2, '0')
}
