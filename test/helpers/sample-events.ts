import type { RunEvent } from '../../lib/engine/events.ts'
import { FACTS } from './memory-host.ts'

/** One event of every type, in an order that a run could have, with `text` wherever a role or a host chooses words. */
export function sampleEvents(text = 'text'): RunEvent[] {
  const at = { host: 'm1', play: 'etcd', role: 'etcd' }
  const resource = `file /etc/${text}`
  const wait = { ...at, host: 'm2', what: `everyone: ${text}`, on: ['m1'] }
  return [
    {
      type: 'runStart',
      playbook: `cluster ${text}`,
      mode: 'apply',
      hosts: ['m1', 'm2'],
      groups: [{ name: 'etcd', hosts: ['m1', 'm2'] }],
    },
    { type: 'step', host: 'm1', play: '', step: 'connecting', route: `ssh ${text}` },
    { type: 'facts', host: 'm1', facts: FACTS },
    { type: 'facts', host: 'm2', facts: { ...FACTS, hostname: text } },
    { type: 'playStart', play: 'etcd', hosts: ['m1', 'm2'], batches: [['m1'], ['m2']] },
    { type: 'step', host: 'm1', play: 'etcd', step: `etcd: ${resource}` },
    { type: 'wait', ...wait },
    { type: 'script', ...at, purpose: 'observe', script: `stat ${text}`, rc: 0, seconds: 0.1 },
    { type: 'output', ...at, resource, stream: 'stderr', text: `one\n${text}` },
    { type: 'script', ...at, resource, purpose: 'change', script: `echo ${text}`, rc: 1, seconds: 2 },
    { type: 'ok', host: 'm1', count: 3 },
    {
      type: 'change',
      change: {
        ...at,
        resource,
        summary: `write ${text}`,
        diff: { before: 'old\n', after: `new ${text}\n` },
        after: text,
        turn: 1,
      },
    },
    { type: 'unknown', ...at, resource, after: text },
    { type: 'waited', ...wait, seconds: 2 },
    { type: 'verified', host: 'm1', role: 'etcd', message: `healthy ${text}` },
    { type: 'warning', host: 'm1', message: `odd ${text}` },
    { type: 'warning', message: `odd ${text}` },
    { type: 'hostDone', host: 'm1', play: 'etcd' },
    {
      type: 'failed',
      failure: {
        ...at,
        host: 'm2',
        resource,
        message: `no answer ${text}`,
        place: { file: '/roles/etcd.ts', line: 4, column: 2 },
        hint: `try ${text}`,
        stderr: `error: ${text}`,
        rc: 1,
        unreachable: false,
      },
    },
    { type: 'playEnd', play: 'etcd' },
    {
      type: 'runEnd',
      recap: [
        { host: 'm1', ok: 3, changed: 1, failed: 0, unreachable: false, seconds: 1.5 },
        { host: 'm2', ok: 0, changed: 0, failed: 1, unreachable: false, seconds: 0.3 },
      ],
      seconds: 2,
      interrupted: false,
    },
  ]
}
