import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { UsageError } from '../errors.ts'
import { writeAtomically } from '../pki/store.ts'
import { mask } from '../secret.ts'

const FORMAT = 1

const where = {
  play: z.string(),
  role: z.string(),
}

const plannedChange = z.strictObject({
  ...where,
  /** `file /etc/haproxy/haproxy.cfg` */
  resource: z.string(),
  /** What differs, and why: `restart: /etc/haproxy/haproxy.cfg changed`. */
  summary: z.string(),
  diff: z.strictObject({ before: z.string(), after: z.string() }).optional(),
  /** Of what the change brings to the host. */
  digest: z.string(),
  /** The earlier change that has to happen before this one is known for sure: compared by its resource only. */
  after: z.string().optional(),
  /** The run makes the content (a fresh key): compared by its resource only. */
  provisional: z.literal(true).optional(),
})

const openQuestion = z.strictObject({
  ...where,
  resource: z.string(),
  /** What has to happen before it is known whether something changes here. */
  after: z.string(),
})

const findings = {
  /** In the order in which they are going to be made. */
  changes: z.array(plannedChange),
  unknown: z.array(openQuestion),
}

const planSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** The release that made the plan. */
  quorate: z.string(),
  /** When, in UTC. */
  created: z.string(),
  playbook: z.string(),
  /** What was chosen on the command line; a run of the plan chooses the same. */
  selection: z.strictObject({
    limit: z.string().optional(),
    /** With --limit-failed: these. */
    only: z.array(z.string()).optional(),
    tags: z.array(z.string()),
    skipTags: z.array(z.string()),
    startAt: z.string().optional(),
    args: z.array(z.string()),
  }),
  salt: z.string(),
  /** Of all that the digests hang on, secrets included. */
  variables: z.string(),
  plays: z.array(
    z.strictObject({ name: z.string(), roles: z.array(z.string()), hosts: z.array(z.string()) }),
  ),
  hosts: z.record(
    z.string(),
    z.strictObject({
      address: z.string(),
      /** Digest by `PLAY/ROLE`, secrets left out. */
      variables: z.record(z.string(), z.string()),
      ...findings,
    }),
  ),
  /** Of these, whichever host comes first makes them. */
  once: z.strictObject(findings).optional(),
})

/** What `--plan-out` writes; see docs/plans.md. */
export type Plan = z.infer<typeof planSchema>
export type HostPlan = Plan['hosts'][string]
export type PlannedChange = z.infer<typeof plannedChange>

/** Writes a plan for its owner only, as a whole or not at all. */
export async function writePlan(path: string, plan: Omit<Plan, 'format'>): Promise<void> {
  await writeAtomically(path, `${mask(JSON.stringify({ format: FORMAT, ...plan }, undefined, 2))}\n`)
}

/** @throws UsageError where the file cannot be read or is not a plan of this release's format. */
export async function readPlan(path: string): Promise<Plan> {
  const wrong = (message: string) => {
    const hint = 'give a file that --plan-out of this release has written'
    return new UsageError([{ message: `--apply-plan ${path}: ${message}`, hint }])
  }
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    // The parser quotes what it stumbles over.
    throw wrong(error instanceof SyntaxError ? 'is not JSON' : (error as Error).message)
  }
  const result = planSchema.safeParse(value)
  if (result.success) return result.data
  const { path: where = [], message } = result.error.issues[0] ?? { message: 'unknown' }
  throw wrong(`is not a plan: ${[...where.map(String), message].join(': ')}`)
}
