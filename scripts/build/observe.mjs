// A playbook for warm.mjs: a resource of each common kind, observed on this machine.
import { block, defineRole, directory, file, group, line, play, playbook, service, user, z } from 'quorate'

const common = defineRole({
  name: 'common',
  summary: 'what most roles are made of',
  vars: z.object({}),
  async converge({ apply, query }) {
    await query`true`
    await apply(
      group('root'),
      user('root'),
      directory('/etc'),
      file('/etc/quorate-absent', { content: 'never written\n' }),
      line('/etc/hosts', { line: '127.0.0.1 localhost' }),
      block('/etc/hosts', { marker: 'quorate', content: 'never written\n' }),
      service('quorate-absent', { enabled: true }),
    )
  },
})

export default await playbook('What a build observes', {
  plays: ({ group: hostsOf }) => [play('this machine', hostsOf('all'), [common()])],
})
