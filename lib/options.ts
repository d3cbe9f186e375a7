import { parseArgs } from 'node:util'
import { UsageError } from './errors.ts'
import { didYouMean } from './suggest.ts'

/** One flag of every playbook: the single source of parsing and `--help`. */
export interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: true
  /** The value's name in the help. */
  readonly value?: string
  /** The values that there are. Default: any. */
  readonly choices?: readonly string[]
  readonly help: string
}

const OUTPUT_FORMATS = ['text', 'json', 'github'] as const
const SHELLS = ['bash', 'zsh', 'fish'] as const

/** What stdout is for: people, programs, or people and the annotations of GitHub's pages. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** Shells whose completions there are. */
export type Shell = (typeof SHELLS)[number]

export const OPTIONS = {
  inventory: {
    type: 'string',
    short: 'i',
    multiple: true,
    value: 'SOURCE',
    help: 'an inventory: a file, a directory, or h1,h2, (default: inventory/hosts.ini); may be repeated',
  },
  limit: {
    type: 'string',
    short: 'l',
    value: 'PATTERN',
    help: 'only these hosts: groups, names, globs, ~regex, a[0], @file; a:b, a:&b, a:!b',
  },
  tags: {
    type: 'string',
    short: 't',
    multiple: true,
    value: 'TAG,...',
    help: 'only plays and roles with these tags (or: all, tagged, untagged); a role name is a tag',
  },
  'skip-tags': {
    type: 'string',
    multiple: true,
    value: 'TAG,...',
    help: 'leave out plays and roles with these tags',
  },
  'extra-vars': {
    type: 'string',
    short: 'e',
    multiple: true,
    value: 'K=V|JSON|@FILE',
    help: 'variables that win over all others',
  },
  'limit-failed': { type: 'boolean', help: 'only hosts that failed or were unreachable when they last ran' },
  'start-at': { type: 'string', value: 'NAME', help: 'begin with this play, role, or play/role' },
  step: { type: 'boolean', help: 'ask before each role of each play' },
  'vault-password-file': {
    type: 'string',
    multiple: true,
    value: 'FILE',
    help: 'where the password of vaults is: a file, or a program that prints it',
  },
  'vault-id': {
    type: 'string',
    multiple: true,
    value: 'LABEL@SOURCE',
    help: 'a password by its label: from a file, a program, or "prompt"',
  },
  'ask-vault-pass': { type: 'boolean', short: 'J', help: 'ask for the password of vaults' },
  'age-identity': {
    type: 'string',
    multiple: true,
    value: 'FILE',
    help: 'the identity that opens variables files encrypted with age',
  },
  explain: { type: 'string', value: 'VAR', help: 'show every layer that sets a variable, and stop' },
  host: { type: 'string', value: 'PATTERN', help: 'with --explain: for these hosts only' },
  check: { type: 'boolean', short: 'C', help: 'change nothing, show what a run would change' },
  diff: { type: 'boolean', short: 'D', help: 'show file contents before and after (never of secrets)' },
  'plan-out': {
    type: 'string',
    value: 'FILE',
    help: 'a check whose findings are kept as a plan (see docs/plans.md)',
  },
  'apply-plan': {
    type: 'string',
    value: 'FILE',
    help: 'make the changes of this plan and no others; refused where a host has changed since',
  },
  verify: { type: 'boolean', help: "change nothing, only run the roles' own health checks" },
  'list-hosts': { type: 'boolean', help: 'show which hosts each play runs on, and stop' },
  'list-tasks': { type: 'boolean', help: 'show plays and their roles, and stop' },
  'list-tags': { type: 'boolean', help: 'show which tags choose which role, and stop' },
  forks: {
    type: 'string',
    short: 'f',
    value: 'N',
    help: 'how many connections may be opened at the same time (default: 50)',
  },
  timeout: {
    type: 'string',
    short: 'T',
    value: 'SECONDS',
    help: 'how long a host may take to answer (default: 10)',
  },
  'ask-pass': { type: 'boolean', short: 'k', help: 'ask for the ssh password, once' },
  'ask-become-pass': { type: 'boolean', short: 'K', help: 'ask for the become password, once' },
  grace: {
    type: 'string',
    value: 'SECONDS',
    help: 'how long what runs may take to finish after Ctrl-C (default: 30)',
  },
  reconnect: {
    type: 'string',
    value: 'SECONDS',
    help: 'how long a host that drops out in the middle may take to come back (default: 60)',
  },
  'force-unlock': {
    type: 'boolean',
    help: 'take the hosts from another run: what it runs on them is ended',
  },
  'known-hosts': { type: 'string', value: 'FILE', help: 'check host keys against this file only' },
  'accept-new-host-keys': {
    type: 'boolean',
    help: 'remember the keys of hosts never seen before (a changed key is still refused)',
  },
  verbose: {
    type: 'boolean',
    short: 'v',
    multiple: true,
    help: 'show each step and what its script prints; -vv: every script and its time; -vvv: how hosts are reached',
  },
  output: {
    type: 'string',
    value: 'FORMAT',
    choices: OUTPUT_FORMATS,
    help: 'what stdout is: text, json (one event a line, see docs/events.md), github (text and annotations)',
  },
  report: {
    type: 'string',
    value: 'FILE.html',
    help: 'write the whole run as one page: timeline, changes, failures',
  },
  junit: { type: 'string', value: 'FILE.xml', help: 'write the run as a JUnit report' },
  'log-file': {
    type: 'string',
    value: 'FILE',
    help: 'where the log of the run is kept (default: a new file in ~/.local/state/quorate/logs)',
  },
  'no-color': { type: 'boolean', help: 'plain text (as NO_COLOR=1)' },
  completion: {
    type: 'string',
    value: 'SHELL',
    choices: SHELLS,
    help: 'print what completes these flags: bash, zsh or fish (source it from your .bashrc)',
  },
  man: { type: 'boolean', help: 'print this as a manual page (| man -l -)' },
  help: { type: 'boolean', short: 'h', help: 'show this' },
  version: { type: 'boolean', help: 'show the version' },
} as const satisfies Record<string, Option>

const LISTS = ['hosts', 'tasks', 'tags'] as const

/** What the user asked for on the command line. */
export interface CliOptions {
  readonly inventory: readonly string[]
  readonly limit: string | undefined
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  /** Each as it was given: `name=value`, JSON or YAML, `@file`. */
  readonly extraVars: readonly string[]
  readonly explain: string | undefined
  /** Whose variable is explained. */
  readonly host: string | undefined
  readonly vaultIds: readonly string[]
  readonly vaultPasswordFiles: readonly string[]
  readonly askVaultPass: boolean
  readonly ageIdentities: readonly string[]
  readonly limitFailed: boolean
  readonly startAt: string | undefined
  readonly step: boolean
  readonly check: boolean
  readonly diff: boolean
  readonly planOut: string | undefined
  readonly applyPlan: string | undefined
  readonly verify: boolean
  readonly list: 'hosts' | 'tasks' | 'tags' | undefined
  readonly forks: number
  /** Seconds. */
  readonly timeout: number | undefined
  readonly askPass: boolean
  readonly askBecomePass: boolean
  /** Seconds. */
  readonly grace: number
  /** Seconds; undefined where the inventory or the default says it. */
  readonly reconnect: number | undefined
  readonly forceUnlock: boolean
  readonly knownHosts: string | undefined
  readonly acceptNewHostKeys: boolean
  readonly verbose: number
  readonly output: OutputFormat | undefined
  readonly report: string | undefined
  readonly junit: string | undefined
  readonly logFile: string | undefined
  readonly color: boolean
  readonly completion: Shell | undefined
  readonly man: boolean
  readonly help: boolean
  readonly version: boolean
  /** Words beside the flags, where the playbook takes any. */
  readonly args: readonly string[]
}

/**
 * @param usage The words that the playbook takes beside flags, as its help names them: `ROLE [PATTERN]`. Default: none.
 * @throws UsageError for unknown flags (with a suggestion), missing or wrong values, and flags that exclude each other.
 */
export function parseOptions(args: readonly string[], usage = ''): CliOptions {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const problems: string[] = []
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option: Option | undefined = OPTIONS[token.name as keyof typeof OPTIONS]
    if (option === undefined) problems.push(`unknown flag ${token.rawName}: ${suggestFlag(token.rawName)}`)
    else if (option.type === 'string' && !token.value)
      problems.push(`${token.rawName} needs a value: ${option.value}`)
    else if (option.type === 'boolean' && token.value !== undefined)
      problems.push(`${token.rawName} takes no value`)
  }
  if (!values.help && !values.version && !values.man && !values.completion)
    problems.push(...wrongWords(positionals, usage))
  const forks = Number(values.forks ?? 50)
  const timeout = values.timeout === undefined ? undefined : Number(values.timeout)
  if (!Number.isInteger(forks) || forks < 1)
    problems.push(`--forks ${values.forks}: expected a whole number of at least 1`)
  if (timeout !== undefined && !(timeout > 0))
    problems.push(`--timeout ${values.timeout}: expected a number of seconds`)
  const grace = Number(values.grace ?? 30)
  if (!(grace >= 0)) problems.push(`--grace ${values.grace}: expected a number of seconds`)
  const reconnect = values.reconnect === undefined ? undefined : Number(values.reconnect)
  if (reconnect !== undefined && !(reconnect >= 0))
    problems.push(`--reconnect ${values.reconnect}: expected a number of seconds`)
  if (values.check && values.verify)
    problems.push('--check and --verify exclude each other: verify changes nothing')
  problems.push(...planProblems(values))
  const output = oneOf(OUTPUT_FORMATS, text(values.output))
  if (output === undefined && values.output !== undefined)
    problems.push(`--output ${values.output}: expected ${OUTPUT_FORMATS.join(', ')}`)
  const completion = oneOf(SHELLS, text(values.completion))
  if (completion === undefined && values.completion !== undefined)
    problems.push(`--completion ${values.completion}: expected ${SHELLS.join(', ')}`)
  if (values.host !== undefined && values.explain === undefined) {
    problems.push('--host goes with --explain; to choose the hosts of a run, use --limit')
  }
  if (problems.length > 0) throw new UsageError(problems.map((message) => ({ message, hint: 'see --help' })))
  return {
    inventory: values.inventory === undefined ? ['inventory/hosts.ini'] : texts(values.inventory),
    limit: text(values.limit),
    tags: words(values.tags),
    skipTags: words(values['skip-tags']),
    extraVars: texts(values['extra-vars']),
    explain: text(values.explain),
    host: text(values.host),
    vaultIds: texts(values['vault-id']),
    vaultPasswordFiles: texts(values['vault-password-file']),
    askVaultPass: values['ask-vault-pass'] === true,
    ageIdentities: texts(values['age-identity']),
    limitFailed: values['limit-failed'] === true,
    startAt: text(values['start-at']),
    step: values.step === true,
    check: values.check === true || values['plan-out'] !== undefined,
    diff: values.diff === true,
    planOut: text(values['plan-out']),
    applyPlan: text(values['apply-plan']),
    verify: values.verify === true,
    list: LISTS.find((what) => values[`list-${what}`]),
    forks,
    timeout,
    askPass: values['ask-pass'] === true,
    askBecomePass: values['ask-become-pass'] === true,
    grace,
    reconnect,
    forceUnlock: values['force-unlock'] === true,
    knownHosts: text(values['known-hosts']),
    acceptNewHostKeys: values['accept-new-host-keys'] === true,
    verbose: Array.isArray(values.verbose) ? values.verbose.length : 0,
    output,
    report: text(values.report),
    junit: text(values.junit),
    logFile: text(values['log-file']),
    color: values['no-color'] !== true,
    completion,
    man: values.man === true,
    help: values.help === true,
    version: values.version === true,
    args: positionals,
  }
}

const CHOSEN_BY_PLANS = ['limit', 'limit-failed', 'tags', 'skip-tags', 'start-at'] as const

function planProblems(values: Readonly<Record<string, unknown>>): string[] {
  const [makes, applies] = [values['plan-out'] !== undefined, values['apply-plan'] !== undefined]
  const others = (names: readonly string[]) => names.filter((name) => values[name] !== undefined)
  return [
    ...(makes ? others(['verify', 'step']) : []).map((name) => `--plan-out and --${name} exclude each other`),
    ...(applies ? others(['plan-out', 'check', 'verify', 'step']) : []).map(
      (name) => `--apply-plan and --${name} exclude each other`,
    ),
    ...(applies ? others(CHOSEN_BY_PLANS) : []).map(
      (name) => `--${name} goes with --plan-out: --apply-plan chooses what the plan was made for`,
    ),
  ]
}

function wrongWords(words: readonly string[], usage: string): string[] {
  const names = usage.split(' ').filter((name) => name !== '')
  const missing = names.slice(words.length).filter((name) => !name.startsWith('['))
  return [
    ...words.slice(names.length).map((word) => `unexpected argument ${word}`),
    ...missing.map((name) => `${name} is missing: this playbook takes ${usage}`),
  ]
}

function suggestFlag(flag: string): string {
  return didYouMean(
    flag,
    Object.keys(OPTIONS).map((name) => `--${name}`),
  )
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function texts(values: unknown): string[] {
  return Array.isArray(values) ? values.map(String) : []
}

function oneOf<Word extends string>(words: readonly Word[], word: string | undefined): Word | undefined {
  return words.find((known) => known === word)
}

function words(values: unknown): string[] {
  return texts(values)
    .flatMap((value) => value.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '')
}
