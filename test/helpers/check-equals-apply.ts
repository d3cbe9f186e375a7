import * as assert from 'uvu/assert'
import { converge, label, ResourceError } from '../../lib/engine/converge.ts'
import type { Resource } from '../../lib/engine/resource.ts'
import type { Connection } from '../../lib/transport/connection.ts'

/** What a run told: each change in order, and why it ended early. */
interface Outcome {
  readonly changes: readonly string[]
  readonly error: ResourceError | undefined
  /** Of the resources that it tells of with an `after`: they cannot be known before an earlier change is made: `file /a: `. */
  readonly unknown: readonly string[]
}

/** How many changes were foretold and made; of how many resources check mode knew nothing yet; how many both refused. */
interface Told {
  readonly changes: number
  readonly unknown: number
  readonly refused: number
}

/**
 * Check mode, then the real run: both tell the same. Where they refuse a resource, for the same reason, the rest is
 * tried without it.
 */
async function requireTruth(connection: Connection, resources: readonly Resource[]): Promise<Told> {
  const planned = await outcome(connection, resources, true)
  const made = await outcome(connection, resources, false)
  const what = resources.map(label).join('\n')
  if (made.error === undefined) {
    assert.is(planned.error, undefined, what)
    // What check mode says it cannot know may be anything; the rest is exactly so.
    const known = (changes: readonly string[]) =>
      changes.filter((change) => !planned.unknown.some((name) => change.startsWith(name)))
    assert.equal(known(planned.changes), known(made.changes), what)
    return { changes: known(made.changes).length, unknown: planned.unknown.length, refused: 0 }
  }
  const { resource, message } = made.error
  // One that check mode knew nothing of yet may be in the way of what it is sure to refuse.
  const isForeseen = !planned.unknown.includes(`${resource}: `)
  if (planned.error === undefined) assert.ok(planned.unknown.length > 0, `${what}\n${message}`)
  else if (isForeseen) assert.is(planned.error.message, message, what)
  const rest = await requireTruth(
    connection,
    resources.filter((one) => label(one) !== resource),
  )
  return { ...rest, refused: rest.refused + 1 }
}

async function outcome(
  connection: Connection,
  resources: readonly Resource[],
  check: boolean,
): Promise<Outcome> {
  const changes: string[] = []
  const unknown: string[] = []
  const onChange = (resource: Resource, { summary }: { summary: string }, after: string | undefined) => {
    changes.push(`${label(resource)}: ${summary}`)
    if (after !== undefined) unknown.push(`${label(resource)}: `)
  }
  try {
    await converge(connection, resources, { check, diff: true, onChange })
    return { changes, error: undefined, unknown }
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error
    return { changes, error, unknown }
  }
}

/** All states, each from the one before: the sums of what was told. */
export async function requireTruthOfAll(
  connection: Connection,
  states: readonly (readonly (() => Resource)[])[],
): Promise<Told> {
  const sum = { changes: 0, unknown: 0, refused: 0 }
  for (const state of states) {
    const told = await requireTruth(
      connection,
      state.map((make) => make()),
    )
    for (const key of ['changes', 'unknown', 'refused'] as const) sum[key] += told[key]
  }
  const { changes, unknown, refused } = sum
  console.log(
    `\n  ${changes} changes foretold and made, ${unknown} not known yet, ${refused} resources refused`,
  )
  return sum
}
