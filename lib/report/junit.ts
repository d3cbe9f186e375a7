import { writeFile } from 'node:fs/promises'
import type { FailureReport, RunEvent } from '../engine/events.ts'
import { createPalette } from './color.ts'
import { failureLines, failureSummary } from './failure.ts'
import { describeChange } from './lines.ts'
import type { Sink } from './sink.ts'

interface Case {
  readonly host: string
  readonly from: number
  to: number | undefined
  readonly failures: FailureReport[]
  /** What was changed and verified. */
  readonly said: string[]
}

interface Suite {
  readonly name: string
  readonly cases: Map<string, Case>
}

const plain = createPalette(false)

/** `--junit FILE`: a suite for each play and a case for each of its hosts, written when the run is over. */
export function createJunit(path: string): Sink {
  const suites: Suite[] = []
  let playbook = ''
  const find = (host: string) => suites.at(-1)?.cases.get(host)
  function take(event: RunEvent, at: number): void {
    if (event.type === 'runStart') {
      playbook = event.playbook
      suites.push(suite('connecting', event.hosts, at))
    }
    if (event.type === 'facts') finish(find(event.host), at)
    if (event.type === 'playStart') suites.push(suite(event.play, event.hosts, at))
    if (event.type === 'hostDone') finish(find(event.host), at)
    if (event.type === 'change') find(event.change.host)?.said.push(describeChange(event.change))
    if (event.type === 'verified') find(event.host)?.said.push(`${event.role}: ${event.message}`)
    if (event.type === 'failed') {
      find(event.failure.host)?.failures.push(event.failure)
      finish(find(event.failure.host), at)
    }
  }
  return { event: take, close: () => writeFile(path, document(playbook, suites)) }
}

function suite(name: string, hosts: readonly string[], from: number): Suite {
  const cases = hosts.map((host): [string, Case] => [
    host,
    { host, from, to: undefined, failures: [], said: [] },
  ])
  return { name, cases: new Map(cases) }
}

function finish(found: Case | undefined, at: number): void {
  if (found !== undefined) found.to ??= at
}

function document(playbook: string, suites: readonly Suite[]): string {
  const text = suites.map((suite) => suiteText(playbook, suite)).join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${attributes({ name: playbook, ...counts(suites) })}>\n${text}</testsuites>\n`
}

function suiteText(playbook: string, suite: Suite): string {
  const cases = [...suite.cases.values()].map((item) => caseText(`${playbook}.${suite.name}`, item)).join('')
  return `  <testsuite ${attributes({ name: suite.name, ...counts([suite]) })}>\n${cases}  </testsuite>\n`
}

function caseText(classname: string, { host, from, to, failures, said }: Case): string {
  const time = (((to ?? from) - from) / 1000).toFixed(3)
  const [first] = failures
  const kind = first?.unreachable ? 'error' : 'failure'
  const lines = failures.flatMap((failure) => failureLines(failure, plain)).join('\n')
  const failed =
    first && `      <${kind} ${attributes({ message: failureSummary(first) })}>${escaped(lines)}</${kind}>\n`
  const skipped = to === undefined ? '      <skipped message="the run did not get there"/>\n' : ''
  const output = said.length > 0 ? `      <system-out>${escaped(said.join('\n'))}</system-out>\n` : ''
  return `    <testcase ${attributes({ classname, name: host, time })}>\n${failed ?? skipped}${output}    </testcase>\n`
}

function counts(suites: readonly Suite[]) {
  const cases = suites.flatMap((suite) => [...suite.cases.values()])
  const failed = cases.filter(({ failures }) => failures.length > 0)
  const errors = failed.filter(({ failures }) => failures[0]?.unreachable).length
  const skipped = cases.filter(({ to }) => to === undefined).length
  return { tests: cases.length, failures: failed.length - errors, errors, skipped }
}

function attributes(all: Readonly<Record<string, string | number>>): string {
  return Object.entries(all)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(' ')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
}

// Halves of surrogate pairs and what Unicode keeps for itself are no characters of XML; control characters are gone.
function escaped(text: string): string {
  return text
    .replace(/[&<>"\n]/g, (character) => ENTITIES[character] as string)
    .replace(
      /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\ufffe\uffff]/g,
      '\ufffd',
    )
}
