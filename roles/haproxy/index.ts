import { defineRole, directory, file, pkg, QuorateError, service, until } from '../../lib/index.ts'
import { refuseSharedPort, refuseTakenPort } from '../balancer/ports.ts'
import { CA_FILE, CONFIG_FILE, haproxyCfg, haproxyUnit } from './config.ts'
import { askServers, describeServers, listens, withKnownCa } from './servers.ts'
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

  async preflight({ vars, host, query }) {
    refuseSharedPort('haproxy', vars, host.address)
    await refuseTakenPort('haproxy', query, host, vars)
  },

  async converge({ vars, apply, query, rolling }) {
    const ca = vars.caContent === undefined ? [] : [file(CA_FILE, { content: vars.caContent })]
    const known = await withKnownCa(query, vars)
    await apply(
      pkg(['haproxy', 'socat']),
      directory(UNIT_DIRECTORY),
      file(`${UNIT_DIRECTORY}/quorate.conf`, { content: haproxyUnit(vars) }),
    )
    await rolling(
      () =>
        apply(
          ...ca,
          file(CONFIG_FILE, { content: haproxyCfg(known), validate: 'haproxy -c -f %' }),
          service('haproxy', {
            enabled: true,
            state: 'running',
            reloadOn: [...ca.map(({ name }) => name), ...[known.caFile ?? []].flat(), CONFIG_FILE],
          }),
        ),
      {
        disturbs: () => listens(query),
        healthy: () => until(() => askServers(query, known), { seconds: 10, every: 0.3 }),
      },
    )
  },

  async verify({ vars, query }) {
    const known = await withKnownCa(query, vars)
    const unchecked =
      known.caFile === vars.caFile ? '' : `; their certificates are not checked, ${vars.caFile} is not there`
    // An apiserver is up after `rise` good checks.
    return await until(
      async () => {
        const servers = await askServers(query, known)
        const found = `${describeServers(servers)}${unchecked}`
        if (!vars.requireUp || servers.some(({ up }) => up)) return found
        throw new QuorateError(`haproxy runs, but ${found}`)
      },
      { seconds: vars.requireUp ? 15 : 5, every: 0.3 },
    )
  },
})
