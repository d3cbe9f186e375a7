// @ts-check
import { play, playbook, z } from 'quorate'
import { etcd, haproxy, keepalived } from 'quorate/roles'

export default await playbook('Benchmark', {
  vars: z.object({ vip: z.string() }),
  plays: ({ group, vars, path }) => {
    const members = group('all')
    const address = { vip: `${vars.vip}/24`, clusterName: 'bench', virtualRouterId: 77 }
    return [
      play('etcd', members, [etcd({ members, pkiDir: path('pki') })]),
      play('load balancer', members, [haproxy({ backends: members }), keepalived({ members, ...address })]),
    ]
  },
})
