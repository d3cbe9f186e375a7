#!/usr/bin/env zx
// @ts-check
// What the hosts are, as roles see it: npx zx playbooks/facts.mjs etcd -i inventory/hosts.ini
import { play, playbook } from 'quorate'

export default await playbook('Facts', {
  args: '[PATTERN]',
  shows: 'facts',
  plays: ({ args: [pattern = 'all'], hosts }) => [play('facts', hosts(pattern), [])],
})
