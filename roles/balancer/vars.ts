import { isIP } from 'node:net'
import { port, z } from '../../lib/index.ts'

/** Variables that balancers of every kind share. */
export const balancerVars = {
  port: port()
    .default(8443)
    .describe('where clients connect; on hosts that run an apiserver another one than backendPort'),
  bind: z
    .string()
    .refine((value) => value === '*' || isIP(value) === 4, "expected an IPv4 address, or '*' for all")
    .default('*')
    .describe("the local address to listen on, '*' for all"),
  backendPort: port().default(6443).describe('where every apiserver listens'),
  requireUp: z
    .boolean()
    .default(false)
    .describe('verify fails where no apiserver is ready; off until there are apiservers'),
}

/** `500ms`, `4h` */
export const duration = z
  .string()
  .regex(/^[1-9]\d*(ms|s|m|h|d)$/, "expected a number and its unit: '500ms', '2s', '30m', '4h', '1d'")

/** Watches are silent for minutes: client-go renews them after 5 to 10 minutes, kubectl exec and logs -f never. */
const SHORTEST_SESSION_SECONDS = 600

/** A duration that connections may be silent for, or have to end within. */
export const session = duration.refine(
  (value) => seconds(value) >= SHORTEST_SESSION_SECONDS,
  "would cut quiet watches, kubectl exec and logs -f: give at least '10m'",
)

/** The apiservers: `backend` is one of them. */
export function backendList<Backend extends z.ZodType<{ name: string; address: string }>>(backend: Backend) {
  return z
    .array(backend)
    .min(1, 'give at least one apiserver')
    .readonly()
    .describe('the apiservers, such as a group of hosts')
    .superRefine((backends, context) => {
      for (const field of ['name', 'address'] as const) {
        backends.forEach((backend, index) => {
          const first = backends.findIndex((other) => other[field] === backend[field])
          if (first === index) return
          const message = `backend ${backends[first]?.name} has the same ${field}`
          context.addIssue({ code: 'custom', path: [index, field], message })
        })
      }
    })
}

function seconds(value: string): number {
  const [, count, unit] = /^(\d+)(\D+)$/.exec(value) ?? []
  const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }
  return Number(count) * (units[unit ?? ''] ?? 0)
}
