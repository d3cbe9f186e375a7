import { isIP } from 'node:net'
import { z } from '../../lib/index.ts'
import { backendList, balancerVars, duration, session } from '../balancer/vars.ts'

/** A kube-apiserver that connections are spread over. */
const backend = z.object({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]+$/, 'a server name may hold letters, digits and _ . : - only')
    .describe('how haproxy calls the server; the host name'),
  address: z
    .string()
    .refine(isAddress, 'expected an IP address or a DNS name, without a port (that is backendPort)')
    .describe('where haproxy reaches it'),
})

/** What the haproxy role can be told. Names are haproxy's own, in camelCase. */
export const haproxyVars = z
  .object({
    ...balancerVars,
    backends: backendList(backend),
    caContent: z
      .string()
      .includes('-----BEGIN CERTIFICATE-----', { message: 'expected a certificate in PEM form' })
      .optional()
      .describe(
        'the CA that signed the certificates of the apiservers, in PEM form; health checks then verify them',
      ),
    caFile: z
      .string()
      .regex(/^\/[A-Za-z0-9_./-]+$/, 'expected an absolute path without blanks')
      .optional()
      .describe(
        'the same CA as a file of the hosts, such as /etc/kubernetes/pki/ca.crt; until it is there, health checks verify nothing',
      ),
    inter: duration.default('2s').describe('time between two health checks of an apiserver'),
    fall: z.number().int().min(1).default(2).describe('failed checks in a row that take an apiserver out'),
    rise: z.number().int().min(1).default(2).describe('good checks in a row that take it back in'),
    maxconn: z
      .number()
      .int()
      .min(100)
      .optional()
      .describe("connections at the same time; default: what the host's limit of open files allows"),
    timeoutConnect: duration.default('5s').describe('how long an apiserver may take to accept a connection'),
    timeoutCheck: duration.default('5s').describe('how long an apiserver may take to answer a health check'),
    timeoutClient: session.default('4h').describe('how long a client may be silent'),
    timeoutServer: session.default('4h').describe('how long an apiserver may be silent'),
    hardStopAfter: session
      .default('4h')
      .describe('how long the connections that a reload found may live on in the old process'),
    restartSec: z
      .number()
      .int()
      .min(0)
      .default(5)
      .describe(
        'seconds until systemd restarts a haproxy that died: long enough for keepalived to move the VIP first',
      ),
  })
  .superRefine((vars, context) => {
    if (vars.caContent !== undefined && vars.caFile !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['caFile'],
        message: 'give either caContent or caFile, not both',
      })
    }
  })

export type HaproxyVars = z.output<typeof haproxyVars>

function isAddress(value: string): boolean {
  return (
    isIP(value) !== 0 ||
    /^(?=.{1,253}$)(?!\d+(\.\d+)*$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(
      value,
    )
  )
}
