#!/usr/bin/env zx
// @ts-check
// One role alone, its variables from the inventory: npx zx playbooks/role.mjs base kube-node -i inventory/hosts.ini
import { didYouMean, play, playbook, QuorateError } from 'quorate'
import * as roles from 'quorate/roles'

// kubeMaster → kube-master
const known = new Map(
  Object.entries(roles).flatMap(([name, role]) =>
    'definition' in role ? [[name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), role]] : [],
  ),
)

export default await playbook('One role', {
  args: 'ROLE [PATTERN]',
  plays: ({ args: [name = '', pattern = 'all'], hosts }) => {
    const role = known.get(name)
    if (role === undefined)
      throw new QuorateError(`there is no role ${name}`, { hint: didYouMean(name, known.keys()) })
    return [play(name, hosts(pattern), [role()])]
  },
})
