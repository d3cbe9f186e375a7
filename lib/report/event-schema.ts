import { z } from 'zod'

const names = z.array(z.string())
const place = z
  .object({
    file: z.string(),
    line: z.int().min(1),
    column: z.int().min(1).optional(),
  })
  .describe('a line of a role or a playbook')
const host = z.string().describe('the name of a host of the inventory')
const role = z.string()
const play = z.string().describe('the name of a play; empty while hosts are connected to')
const resource = z.string().describe('`file /etc/haproxy/haproxy.cfg`')
const seconds = z.number().min(0)
const count = z.int().min(0)

const wait = {
  host,
  play,
  role,
  what: z.string().describe('`its turn`, `everyone: converged`, `once: join token`'),
  on: names.describe('the hosts that it waited for when the wait began'),
}

const facts = z.object({
  hostname: z.string(),
  os: z.object({ id: z.string(), version: z.string(), like: names }).describe('of /etc/os-release'),
  architecture: z.string(),
  kernel: z.string(),
  packageManager: z.enum(['apt', 'dnf', 'yum', 'none']),
  systemd: z.boolean(),
  user: z.string().describe('the user that scripts run as'),
  cpus: count,
  memoryKb: count,
  addresses: z.array(z.object({ interface: z.string(), address: z.string(), prefix: count })),
  mounts: z.array(z.object({ path: z.string(), availableKb: count })),
})

/** Fields of each type of event, beside `type` and `time`. */
const FIELDS = {
  runStart: {
    version: z.literal(1).describe('of this format: raised when a field changes its meaning or goes away'),
    playbook: z.string(),
    mode: z.enum(['apply', 'check', 'verify']),
    hosts: names,
    groups: z.array(z.object({ name: z.string(), hosts: names })),
  },
  facts: { host, facts },
  playStart: {
    play,
    hosts: names,
    batches: z.array(names).optional().describe('with serial: who runs at the same time, in order'),
  },
  step: {
    host,
    play,
    step: z.string().describe('what the host is doing now, for people'),
    route: z.string().optional().describe('of `connecting`: the way to the host, for people'),
  },
  wait,
  waited: { ...wait, seconds },
  ok: { host, count: count.describe('resources that were found as desired') },
  change: {
    host,
    play,
    role,
    resource,
    summary: z.string().describe('what differs: the reason of the change'),
    diff: z
      .object({ before: z.string(), after: z.string() })
      .optional()
      .describe('with --diff, and never of secrets'),
    after: z.string().optional().describe('in check mode: the change after which this one is known for sure'),
    turn: z
      .int()
      .optional()
      .describe('in check mode: a change that hosts make in turns, this many at the same time'),
  },
  unknown: {
    host,
    play,
    role,
    resource,
    after: z.string().describe('the change that has to happen before it is known whether something differs'),
  },
  output: {
    host,
    play,
    role,
    resource: resource.optional(),
    stream: z.enum(['stdout', 'stderr']),
    text: z.string().describe('whole lines, without the last line break'),
  },
  script: {
    host,
    play,
    role,
    resource: resource.optional(),
    purpose: z.enum(['observe', 'change', 'query']),
    script: z.string(),
    rc: z.int(),
    seconds,
  },
  verified: { host, role, message: z.string() },
  warning: { host: host.optional(), message: z.string() },
  failed: {
    host,
    play,
    role: role.optional(),
    resource: resource.optional(),
    message: z.string(),
    place: place.optional(),
    rc: z.int().optional(),
    stderr: z.string().optional().describe('its last lines'),
    hint: z.string().optional().describe('what to do about it'),
    unreachable: z.boolean(),
  },
  hostDone: { host, play },
  playEnd: { play },
  runEnd: {
    recap: z.array(
      z.object({ host, ok: count, changed: count, failed: count, unreachable: z.boolean(), seconds }),
    ),
    seconds,
    interrupted: z.boolean(),
  },
}

type Type = keyof typeof FIELDS
type Line = {
  [T in Type]: z.infer<z.ZodObject<(typeof FIELDS)[T]>> & { readonly type: T; readonly time: string }
}[Type]

/** One line of `--output json`. */
export type JsonEvent = Line

/** What every line of `--output json` holds to; docs/events.schema.json is made from it. */
export function eventSchema() {
  const time = z.iso.datetime().describe('when it happened, in UTC')
  const events = Object.entries(FIELDS).map(([type, fields]) =>
    z.object({ type: z.literal(type), time, ...fields }),
  )
  return z.union(events).describe('One line of what a playbook prints with --output json')
}

/** The text of docs/events.schema.json. */
export function schemaText(): string {
  // As input, so that a reader of today's lines takes tomorrow's fields.
  return `${JSON.stringify(z.toJSONSchema(eventSchema(), { io: 'input' }), undefined, 2)}\n`
}
