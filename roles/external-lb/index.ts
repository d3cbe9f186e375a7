import { setTimeout as sleep } from 'node:timers/promises'
import { defineRole, hostsEntries, pkg, QuorateError } from '../../lib/index.ts'
import { ask } from './ask.ts'
import { describe, problems } from './judge.ts'
import { externalLbVars } from './vars.ts'

/**
 * A load balancer that somebody else runs: asked from every host that needs it, and never changed. Only its name comes
 * into /etc/hosts, where no resolver knows it.
 *
 * @example externalLb({ loadbalancerApiserver: { address: '10.0.0.9', port: 6443, domain: 'lb.example.org' }, masters: group('kube-master') })
 */
export const externalLb = defineRole({
  name: 'external-lb',
  summary: 'the load balancer in front of the apiservers is reached from every host',
  vars: externalLbVars,

  async converge({ vars, host, apply, query }) {
    const { address, domain } = vars.loadbalancerApiserver
    await apply(pkg(['curl']))
    if (domain === undefined) return
    // /etc/hosts is left out here: what an earlier run wrote there must stay.
    const { lines } = await query.nothrow`getent -s hosts:dns ahosts ${domain} | awk '{ print $1 }' | sort -u`
    if (lines.includes(address)) return
    if (lines.length > 0) {
      throw new QuorateError(`${host.name} resolves ${domain} to ${lines.join(', ')}, not to ${address}`, {
        hint: 'correct the DNS, or the address in loadbalancer_apiserver',
      })
    }
    if (!vars.manageHosts) {
      throw new QuorateError(`${host.name} cannot resolve ${domain}`, {
        hint: 'enter it in the DNS, or let external_lb_manage_hosts write it into /etc/hosts',
      })
    }
    await apply(hostsEntries([{ address, names: [domain] }], { marker: 'external-lb' }))
  },

  async verify({ vars, host, query, everyone, mode }) {
    // A balancer takes some seconds to notice that an apiserver is there.
    for (let left = mode === 'apply' ? 5 : 1; ; left -= 1) {
      // All hosts judge the same sights, so all go round again or none.
      const sights = await everyone('the load balancer', await ask(query, vars, host.address))
      const found = problems(sights, vars)
      if (found.length === 0) return describe(sights, vars)
      if (left === 0) throw new QuorateError(found.join('; '), { hint: HINT })
      await sleep(2000)
    }
  },
})

const HINT =
  'the load balancer has to pass TCP through to every apiserver, also for the hosts that it leads to; certSANs must hold its name and address'
