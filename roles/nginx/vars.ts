import { isIP } from 'node:net'
import { cidr, z } from '../../lib/index.ts'
import { backendList, balancerVars, duration, session } from '../balancer/vars.ts'

/** A kube-apiserver that connections are spread over. */
const backend = z.object({
  name: z.string().min(1).describe('what it is called in messages; the host name'),
  address: z
    .string()
    .refine((address) => isIP(address) !== 0, 'expected an IP address, without a port (that is backendPort)')
    .describe('where nginx reaches it'),
})

/** What the nginx role can be told. Names are nginx' own, in camelCase. */
export const nginxVars = z.object({
  ...balancerVars,
  backends: backendList(backend),
  allow: z
    .array(cidr())
    .readonly()
    .default([])
    .describe('networks whose clients may connect, beside the host itself; none given: all'),
  healthCheck: z
    .enum(['auto', 'passive', 'active'])
    .default('auto')
    .describe(
      'passive: an apiserver is left out for a while when connections to it fail; active: nginx also asks without a client, which only the commercial build can; auto: what the build can',
    ),
  maxFails: z
    .int()
    .min(1)
    .default(2)
    .describe('failed connections within failTimeout that take an apiserver out'),
  failTimeout: duration.default('5s').describe('how long it is out then'),
  checkInterval: z.int().min(1).default(2).describe('active only: seconds between two checks'),
  connectTimeout: duration.default('2s').describe('how long an apiserver may take to accept a connection'),
  timeout: session.default('4h').describe('how long client and apiserver may be silent'),
  shutdownTimeout: session
    .default('4h')
    .describe('how long the connections that a reload found may live on in the old processes'),
  workerConnections: z
    .int()
    .min(256)
    .default(8192)
    .describe('connections of each worker process at the same time; a client takes two'),
})

export type NginxVars = z.output<typeof nginxVars>
