import type { Load } from '../load.ts'

/** The least that a tool can be asked for. */
export const command: Load = {
  name: 'command',
  summary: 'one command on every host',
  probe: 'uptime',
  apply: 'uptime',
  reset: ':',
  ansible: '\n- command: uptime\n  changed_when: false\n',
  pyinfra: '\nfrom pyinfra.operations import server\nserver.shell(commands=["uptime"])\n',
  quorate: `await query\`uptime\``,
}
