import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { type Lab, labUp } from '../lib/lab/index.ts'

/** Where a tool reaches a host. */
export interface Target {
  readonly name: string
  /** Its own, where the other hosts reach it. */
  readonly ip: string
  /** Where this machine reaches it, on `port`: the host's own, or a relay's. */
  readonly address: string
  readonly port: number
}

/** The hosts of a cell, as tools see them. */
export interface Targets {
  readonly hosts: readonly Target[]
  readonly key: string
  /** A line for each host, by the address and port that tools use. */
  readonly knownHosts: string
  stop(): Promise<void>
}

const AT_ONCE = 4

/** A lab, whose hosts have the Python that Ansible needs there where it takes part. */
export async function benchLab(count: number, python: boolean, log: (line: string) => void): Promise<Lab> {
  const lab = await labUp({ name: `bench-${process.pid}`, hosts: count, log })
  if (!python) return lab
  log('installing Python on the hosts, for Ansible')
  const install = 'apt-get -qq install -y --no-install-recommends python3 python3-apt >/dev/null'
  await everyHost(lab, count, `command -v python3 >/dev/null || ${install}`)
  return lab
}

/** Runs a script on the first `count` hosts of a lab, past all tools. @throws where one fails. */
export async function everyHost(lab: Lab, count: number, script: string): Promise<string[]> {
  const outputs: string[] = []
  const waiting = lab.hosts.slice(0, count).map(({ name }, index) => ({ name, index }))
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { rc, stdout, stderr } = await lab.exec(next.name, script)
      if (rc !== 0) throw new Error(`${next.name}: ${stderr || stdout}`)
      outputs[next.index] = stdout
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return outputs
}

/** The first `count` hosts, behind a relay where round trips are to take longer. */
export async function targetsOf(lab: Lab, count: number, rttMs: number): Promise<Targets> {
  const direct = lab.hosts
    .slice(0, count)
    .map(({ name, address }) => ({ name, ip: address, address, port: 22 }))
  const known = readFileSync(lab.knownHosts, 'utf8')
  if (rttMs === 0) return { hosts: direct, key: lab.key, knownHosts: known, stop: async () => {} }
  const hosts = await Promise.all(
    direct.map(async ({ name, ip }) => ({ name, ip, address: '127.0.0.1', port: await freePort() })),
  )
  const relay = await startRelay(
    rttMs,
    hosts.map(({ port }, index) => `${port}=${direct[index]?.address}`),
  )
  const lines = direct.map(({ address }, index) => {
    const line = known.split('\n').find((candidate) => candidate.startsWith(`${address} `)) ?? ''
    return `[127.0.0.1]:${hosts[index]?.port}${line.slice(address.length)}\n`
  })
  const stop = async () => {
    relay.kill()
    await once(relay, 'exit')
  }
  return { hosts, key: lab.key, knownHosts: lines.join(''), stop }
}

async function startRelay(rttMs: number, routes: readonly string[]): Promise<ChildProcess> {
  const script = new URL('relay.mjs', import.meta.url).pathname
  const relay = spawn(process.execPath, [script, String(rttMs), ...routes], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(relay.stdout, 'data')
  return relay
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Bytes that have gone over a lab's bridge between this machine and its hosts, both ways. */
export function bridgeBytes(lab: Lab): number {
  const [, second, third] = lab.network.split('.')
  const folder = `/sys/class/net/qlab-${second}-${third}/statistics`
  return ['rx_bytes', 'tx_bytes'].reduce(
    (sum, name) => sum + Number(readFileSync(`${folder}/${name}`, 'utf8')),
    0,
  )
}
