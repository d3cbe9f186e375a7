import type { HostRecap, RunEvent } from './events.ts'

/** Counts what happened to each host, from the same events that renderers read. */
export class Recap {
  readonly #hosts = new Map<string, { -readonly [Key in keyof HostRecap]: HostRecap[Key] }>()

  constructor(hosts: readonly string[]) {
    for (const host of hosts) {
      this.#hosts.set(host, { host, ok: 0, changed: 0, failed: 0, unreachable: false, seconds: 0 })
    }
  }

  event(event: RunEvent): void {
    if (event.type === 'ok') this.#host(event.host).ok += event.count
    if (event.type === 'change') this.#host(event.change.host).changed += 1
    if (event.type !== 'failed') return
    if (event.failure.unreachable) this.#host(event.failure.host).unreachable = true
    else this.#host(event.failure.host).failed += 1
  }

  addTime(host: string, seconds: number): void {
    this.#host(host).seconds += seconds
  }

  hosts(): readonly HostRecap[] {
    return [...this.#hosts.values()]
  }

  #host(name: string): { -readonly [Key in keyof HostRecap]: HostRecap[Key] } {
    const host = this.#hosts.get(name)
    if (host === undefined) throw new Error(`${name} is not part of this run`)
    return host
  }
}
