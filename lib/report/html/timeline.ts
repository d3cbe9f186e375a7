import type { RunEvent } from '../../engine/events.ts'

/** What a host did over a stretch of time. Times are in milliseconds since the start of the run. */
export interface Stretch {
  readonly kind: 'connect' | 'work' | 'wait'
  /** Of a wait: what for and on whom; of work: the last thing that was done. */
  label: string
  readonly role: string
  readonly from: number
  to: number
}

export interface HostTimeline {
  readonly stretches: readonly Stretch[]
  /** When the host failed. */
  readonly failedAt: number | undefined
}

/** Each host's run, from the events and when they happened; work of one role that nothing interrupts is one stretch. */
export class Timelines {
  readonly #hosts = new Map<string, { stretches: Stretch[]; open: boolean; failedAt: number | undefined }>()
  readonly #start: number

  constructor(start: number) {
    this.#start = start
  }

  event(event: RunEvent, at: number): void {
    const now = at - this.#start
    if (event.type === 'facts' || event.type === 'hostDone') this.#leave(event.host, now)
    if (event.type === 'runEnd') for (const host of this.#hosts.keys()) this.#leave(host, now)
    if (event.type === 'failed') {
      this.#leave(event.failure.host, now)
      this.#host(event.failure.host).failedAt ??= now
    }
    const next = stretchOf(event)
    if (next !== undefined) this.#enter(next.host, now, next)
  }

  get(host: string): HostTimeline {
    return this.#host(host)
  }

  #enter(name: string, now: number, { kind, role, label }: Begun): void {
    const host = this.#host(name)
    const last = host.stretches.at(-1)
    if (host.open && last !== undefined) {
      last.to = now
      if (kind === 'work' && last.kind === kind && last.role === role) {
        last.label = label
        return
      }
    }
    host.stretches.push({ kind, role, label, from: now, to: now })
    host.open = true
  }

  #leave(name: string, now: number): void {
    const host = this.#host(name)
    const last = host.stretches.at(-1)
    if (host.open && last !== undefined) last.to = now
    host.open = false
  }

  #host(name: string) {
    const host = this.#hosts.get(name) ?? { stretches: [], open: false, failedAt: undefined }
    this.#hosts.set(name, host)
    return host
  }
}

type Begun = Pick<Stretch, 'kind' | 'role' | 'label'>

/** What a host begins to do. */
function stretchOf(event: RunEvent): (Begun & { host: string }) | undefined {
  if (event.type === 'step') {
    const { host, play, step } = event
    // Steps begin with the name of their role: `etcd: observing`.
    const role = play === '' ? '' : (step.split(':', 1)[0] as string)
    return { host, kind: play === '' ? 'connect' : 'work', role, label: step }
  }
  if (event.type === 'wait') {
    const { host, role, what, on } = event
    return { host, kind: 'wait', role, label: `waiting for ${what}, on ${on.join(' ')}` }
  }
  if (event.type === 'waited') return { host: event.host, kind: 'work', role: event.role, label: event.role }
  return undefined
}
