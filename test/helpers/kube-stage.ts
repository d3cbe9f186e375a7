import { Coordination } from '../../lib/engine/coordination.ts'
import type { Host, Query, Resource, RoleContext } from '../../lib/index.ts'
import { type ShellValue, sh } from '../../lib/quote.ts'
import { FACTS } from './memory-host.ts'

type Converge = (context: never) => Promise<void>

// A fresh host has no node to forget, and a master that was just made or joined is as configured.
const DONE = /^(forget the node|take the etcd member|clear what|control plane as configured)/
const CA = Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n').toString('base64')

/** Hosts on which kubeadm seems to work: what roles do on them, as far as steps tell. */
export class KubeStage {
  readonly hosts: readonly Host[]
  readonly #members = new Map<string, 'master' | 'worker'>()

  constructor(names: readonly string[]) {
    this.hosts = names.map((name, index) => ({ name, address: `10.0.0.${index + 1}`, groups: [], vars: {} }))
  }

  /** These are masters of a cluster now. */
  make(...names: readonly string[]): void {
    for (const name of names) this.#members.set(name, 'master')
  }

  /** Lets hosts converge side by side; the steps that change something, by host. */
  async run(
    converge: Converge,
    varsOf: (host: Host) => unknown,
    check: boolean,
  ): Promise<Record<string, string[]>> {
    const coordination = new Coordination(this.hosts.map(({ name }) => name))
    const steps: Record<string, string[]> = {}
    await Promise.all(
      this.hosts.map(async (host) => {
        const own: string[] = []
        steps[host.name] = own
        const context = this.#context(host, check, coordination, own)
        await converge({ ...context, vars: varsOf(host) } as never)
      }),
    )
    return steps
  }

  #context(host: Host, check: boolean, coordination: Coordination, steps: string[]) {
    const calls = new Map<string, number>()
    const key = (name: string) => {
      calls.set(name, (calls.get(name) ?? 0) + 1)
      return `${name} ${calls.get(name)}`
    }
    return {
      ...{ host, hosts: this.hosts, facts: FACTS, check, mode: check ? 'check' : 'apply', warn: () => {} },
      query: this.#query(host),
      apply: async (...resources: readonly Resource[]) => {
        for (const { kind, name } of resources) if (kind === 'step') this.#step(host, name, check, steps)
        return { changed: true }
      },
      everyone: (name: string, value?: unknown) =>
        coordination.everyone(key(`everyone ${name}`), host.name, value),
      once: (name: string, work: () => Promise<unknown>) =>
        coordination.once(key(`once ${name}`), host.name, work),
      rolling: async (work: () => Promise<void>) =>
        check ? work() : coordination.takeTurn(key('rolling'), host.name, 1, work),
    } satisfies Record<keyof Omit<RoleContext<unknown>, 'vars'>, unknown>
  }

  #step({ name: host }: Host, name: string, check: boolean, steps: string[]): void {
    if (DONE.test(name)) return
    steps.push(name)
    if (check) return
    if (name === 'make the cluster' || name.endsWith('as a control plane')) this.#members.set(host, 'master')
    if (name.endsWith('as a worker')) this.#members.set(host, 'worker')
  }

  #query(host: Host): Query {
    const answer = (command: string) => {
      const stdout = this.#answer(host, command)
      return { stdout, stderr: '', rc: stdout === '' ? 1 : 0, lines: stdout.split('\n') }
    }
    const ask = async (pieces: TemplateStringsArray, ...values: ShellValue[]) =>
      answer(sh(pieces, ...values).text)
    return Object.assign(ask, { nothrow: ask, within: () => this.#query(host) })
  }

  #answer({ name }: Host, command: string): string {
    if (command.includes('echo "unfinished=')) return this.#nodeState(name)
    if (command.includes('get nodes,configmaps')) return this.#clusterState()
    return ''
  }

  #nodeState(name: string): string {
    const member = this.#members.get(name)
    if (member === undefined) return 'unfinished=\nkubelet=inactive\n'
    const node = `has=/etc/kubernetes/kubelet.conf\nunfinished=\nkubelet=active\nca=${CA}\n`
    if (member === 'worker') return node
    return `has=/etc/kubernetes/admin.conf\nhas=/etc/kubernetes/manifests/kube-apiserver.yaml\n${node}readyz=ok\n`
  }

  #clusterState(): string {
    const nodes = this.hosts.filter(({ name }) => this.#members.has(name))
    const lines = nodes.map(({ name, address }) => `node=${name}\t${address}\tTrue\t\tv1.36.2\t{}\t[]\t`)
    return ['version=v1.36.2', ...lines].join('\n')
  }
}
