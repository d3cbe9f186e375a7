#!/usr/bin/env zx
// @ts-check
// One role alone, its variables from the inventory: npx zx playbooks/role.mjs base kube-node -i inventory/hosts.ini
import { didYouMean, play, playbook, QuorateError } from 'quorate'
import * as roles from 'quorate/roles'

export default await playbook('One role', {
  args: 'ROLE [PATTERN]',
  plays: ({ args: [name = '', pattern = 'all'], hosts }) => {
    const known = Object.values(roles).filter((role) => 'definition' in role)
    const role = known.find(({ definition }) => definition.name === name)
    if (role === undefined) {
      const names = known.map(({ definition }) => definition.name)
      throw new QuorateError(`there is no role ${name}`, { hint: didYouMean(name, names) })
    }
    return [play(name, hosts(pattern), [role()])]
  },
})
