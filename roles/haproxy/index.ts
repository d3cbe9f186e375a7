import { defineRole, directory, file, pkg, QuorateError, service, until } from '../../lib/index.ts'
import { refuseSharedPort, refuseTakenPort } from '../balancer/ports.ts'
import { CA_FILE, CONFIG_FILE, haproxyCfg, haproxyUnit } from './config.ts'
import { askServers, describeServers } from './servers.ts'
import { haproxyVars } from './vars.ts'

const UNIT_DIRECTORY = '/etc/systemd/system/haproxy.service.d'

/**
 * A TCP load balancer that sends connections to the apiservers that are ready.
 *
 * @example haproxy({ backends: group('kube-master'), port: 8443 })
 */
export const haproxy = defineRole({
  name: 'haproxy',
  summary: 'a TCP load balancer in front of every kube-apiserver',
  vars: haproxyVars,

  async converge({ vars, host, apply, query, rolling }) {
    refuseSharedPort('haproxy', vars, host.address)
    await refuseTakenPort('haproxy', query, host, vars)
    const ca = vars.caContent === undefined ? [] : [file(CA_FILE, { content: vars.caContent })]
    await apply(
      pkg(['haproxy', 'socat']),
      directory(UNIT_DIRECTORY),
      file(`${UNIT_DIRECTORY}/quorate.conf`, { content: haproxyUnit(vars) }),
    )
    await rolling(
      () =>
        apply(
          ...ca,
          file(CONFIG_FILE, { content: haproxyCfg(vars), validate: 'haproxy -c -f %' }),
          service('haproxy', {
            enabled: true,
            state: 'running',
            reloadOn: [...ca.map(({ name }) => name), CONFIG_FILE],
          }),
        ),
      { healthy: () => until(() => askServers(query, vars), { seconds: 10 }) },
    )
  },

  async verify({ vars, query }) {
    // An apiserver is up after `rise` good checks.
    return await until(
      async () => {
        const servers = await askServers(query, vars)
        const found = describeServers(servers)
        if (!vars.requireUp || servers.some(({ up }) => up)) return found
        throw new QuorateError(`haproxy runs, but ${found}`)
      },
      { seconds: vars.requireUp ? 15 : 5 },
    )
  },
})
