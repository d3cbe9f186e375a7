import { type Host, UsageError } from '../../lib/index.ts'

interface Port {
  readonly hosts: readonly Pick<Host, 'name'>[]
  readonly port: number
}

/** What a playbook puts in front of the apiservers. */
export interface BalancerChoices {
  readonly keepalived?: { readonly vip: string } | undefined
  readonly kubeVip?: { readonly vip: string } | undefined
  readonly haproxy?: Port | undefined
  readonly nginx?: Port | undefined
  /** A balancer that is not ours, as `loadbalancer_apiserver` names it. */
  readonly externalLb?: { readonly address: string } | undefined
}

/** What cannot be together, in words; empty where all can. */
export function balancerConflicts(choices: BalancerChoices): string[] {
  const { keepalived, kubeVip, haproxy, nginx, externalLb } = choices
  const [kept, elected, external] = [keepalived?.vip, kubeVip?.vip, externalLb?.address].map(
    (address) => address?.split('/')[0],
  )
  const found: string[] = []
  if (kept !== undefined && kept === elected)
    found.push(`keepalived and kube-vip would both move the VIP ${kept}: choose one of them`)
  for (const [name, vip] of [
    ['keepalived', kept],
    ['kube-vip', elected],
  ] as const) {
    if (vip !== undefined && vip === external)
      found.push(`${vip} cannot be both a VIP of ${name} and an external load balancer: choose one of them`)
  }
  const shared = nginx?.hosts.filter(({ name }) => haproxy?.hosts.some((host) => host.name === name)) ?? []
  if (nginx !== undefined && nginx.port === haproxy?.port && shared.length > 0)
    found.push(
      `haproxy and nginx would both listen on port ${nginx.port} of ${shared.map(({ name }) => name).join(', ')}: choose one of them`,
    )
  return found
}

/** @throws UsageError with all that cannot be together: called in `plays`, before anything is changed. */
export function exclusiveBalancers(choices: BalancerChoices): void {
  const found = balancerConflicts(choices)
  if (found.length > 0) throw new UsageError(found.map((message) => ({ message })))
}
