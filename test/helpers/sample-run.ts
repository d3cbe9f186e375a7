import type { RunEvent } from '../../lib/engine/events.ts'
import { FACTS } from './memory-host.ts'

const ROLES = ['base', 'containerd', 'etcd', 'keepalived']

/** A believable run over many hosts, with the moments of its events: most waits, some changes, every 17th host fails. */
export function sampleRun(count: number): (readonly [RunEvent, number])[] {
  const hosts = Array.from({ length: count }, (_, index) => `node-${String(index + 1).padStart(3, '0')}`)
  const events: [RunEvent, number][] = []
  const start = Date.UTC(2026, 10, 21, 14, 5, 12)
  const tell = (event: RunEvent, at: number) => events.push([event, start + at])
  const groups = [
    { name: 'all', hosts },
    { name: 'etcd', hosts: hosts.slice(0, 3) },
    { name: 'kube-node', hosts: hosts.slice(Math.min(3, count - 1)) },
    ...['rack1', 'rack2', 'rack3'].map((name, rack) => ({
      name,
      hosts: hosts.filter((_, at) => at % 3 === rack),
    })),
  ]
  tell({ type: 'runStart', playbook: 'HA Kubernetes cluster', mode: 'apply', hosts, groups }, 0)
  hosts.forEach((host, index) => {
    tell({ type: 'step', host, play: '', step: 'connecting' }, 5)
    tell(
      { type: 'facts', host, facts: { ...FACTS, hostname: host, memoryKb: 4_000_000 } },
      200 + (index % 50) * 10,
    )
  })
  tell({ type: 'playStart', play: 'nodes', hosts }, 800)
  for (const [index, host] of hosts.entries()) playHost(tell, host, index, hosts)
  tell({ type: 'playEnd', play: 'nodes' }, 60_000)
  const recap = hosts.map((host, index) => ({
    host,
    ok: 40,
    changed: 4,
    failed: Number(fails(index)),
    unreachable: false,
    seconds: 20 + (index % 30),
  }))
  tell({ type: 'runEnd', recap, seconds: 60, interrupted: false }, 60_000)
  return events.sort(([, a], [, b]) => a - b)
}

function fails(index: number): boolean {
  return index % 17 === 1
}

function playHost(
  tell: (event: RunEvent, at: number) => void,
  host: string,
  index: number,
  hosts: readonly string[],
): void {
  let at = 800 + (index % 7) * 150
  for (const [position, role] of ROLES.entries()) {
    const place = { host, play: 'nodes', role }
    const resource = `file /etc/${role}/${role}.conf`
    tell({ type: 'step', host, play: 'nodes', step: `${role}: observing` }, at)
    at += 1500 + ((index * 7 + position * 13) % 11) * 300
    tell({ type: 'step', host, play: 'nodes', step: `${role}: ${resource}` }, at)
    tell({ type: 'change', change: { ...place, resource, summary: 'content', diff: DIFF } }, at + 200)
    if (role === 'etcd' && fails(index)) {
      tell({ type: 'failed', failure: { ...place, ...FAILURE } }, at + 900)
      return
    }
    at += 1000
    const on = [hosts[(index + 1) % hosts.length] as string]
    const wait = { ...place, what: position % 2 === 0 ? 'its turn' : 'everyone: converged', on }
    tell({ type: 'wait', ...wait }, at)
    const seconds = 1 + ((index * 3 + position) % 9)
    at += seconds * 1000
    tell({ type: 'waited', ...wait, seconds }, at)
    tell({ type: 'verified', host, role, message: `${role} is healthy` }, at + 100)
  }
  tell({ type: 'hostDone', host, play: 'nodes' }, at + 200)
}

const DIFF = {
  before: 'name: old\nlisten: 0.0.0.0\nport: 2379\n',
  after: 'name: new\nlisten: 0.0.0.0\nport: 2379\ntls: true\n',
}

const FAILURE = {
  resource: 'service etcd',
  message: 'start: failed with exit code 1',
  place: { file: '/srv/ops/roles/etcd/index.ts', line: 42, column: 7 },
  rc: 1,
  stderr:
    'Job for etcd.service failed because the control process exited with error code.\nSee "journalctl -xeu etcd.service" for details.',
  hint: 'journalctl -u etcd on the host says why',
  unreachable: false,
}
