import { isIP } from 'node:net'
import { cidr, port, z } from '../../lib/index.ts'

/** A kube-apiserver that connections are spread over. */
const backend = z.object({
  name: z.string().min(1).describe('what it is called in messages; the host name'),
  address: z
    .string()
    .refine((address) => isIP(address) !== 0, 'expected an IP address, without a port (that is backendPort)')
    .describe('where nginx reaches it'),
})

const duration = z
  .string()
  .regex(/^[1-9]\d*(ms|s|m|h|d)$/, "expected a number and its unit: '500ms', '2s', '30m', '4h', '1d'")

/** Watches are silent for minutes: client-go renews them after 5 to 10 minutes, kubectl exec and logs -f never. */
const SHORTEST_SESSION_SECONDS = 600

const session = duration.refine(
  (value) => seconds(value) >= SHORTEST_SESSION_SECONDS,
  "would cut quiet watches, kubectl exec and logs -f: give at least '10m'",
)

/** What the nginx role can be told. Names are nginx' own, in camelCase. */
export const nginxVars = z
  .object({
    port: port()
      .default(8443)
      .describe('where clients connect; on hosts that run an apiserver another one than backendPort'),
    bind: z
      .string()
      .refine((value) => value === '*' || isIP(value) === 4, "expected an IPv4 address, or '*' for all")
      .default('*')
      .describe("the local address to listen on, '*' for all"),
    backends: z
      .array(backend)
      .min(1, 'give at least one apiserver')
      .readonly()
      .describe('the apiservers, such as a group of hosts'),
    backendPort: port().default(6443).describe('where every apiserver listens'),
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
    requireUp: z
      .boolean()
      .default(false)
      .describe('verify fails where no apiserver is ready; off until there are apiservers'),
  })
  .superRefine((vars, context) => {
    for (const field of ['name', 'address'] as const) {
      vars.backends.forEach((backend, index) => {
        const first = vars.backends.findIndex((other) => other[field] === backend[field])
        if (first === index) return
        const message = `backend ${vars.backends[first]?.name} has the same ${field}`
        context.addIssue({ code: 'custom', path: ['backends', index, field], message })
      })
    }
  })

export type NginxVars = z.output<typeof nginxVars>

function seconds(value: string): number {
  const [, count, unit] = /^(\d+)(\D+)$/.exec(value) ?? []
  const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }
  return Number(count) * (units[unit ?? ''] ?? 0)
}
