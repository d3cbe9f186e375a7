import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.ts'

const SUITES = /^bookworm(-updates|-security)?$/
const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
/** apt's settings that say how an archive is reached, as opposed to what to do with it. */
const REACH = /^Acquire::(https?::.*|Check-Valid-Until|Check-Date|Retries|ForceIPv[46]) "/

/** The Debian archives of this machine, one `deb` line a source; none when it has no Debian 12 sources. */
export function readAptSources(etc = '/etc/apt'): string[] {
  const folder = join(etc, 'sources.list.d')
  const names = existsSync(folder) ? readdirSync(folder).sort() : []
  const files = [join(etc, 'sources.list'), ...names.map((name) => join(folder, name))].filter(existsSync)
  const sources = files.flatMap((file) => parseSources(file, readFileSync(file, 'utf8')))
  return [...new Set(sources.flatMap(formatSource))]
}

/** This machine's apt settings that hosts need to reach the same archives: proxies, retries, date checks. */
export async function readAptOptions(): Promise<string[]> {
  const lines = (await run('apt-config', ['dump'])).split('\n')
  return lines.filter((line) => REACH.test(line) && !line.endsWith('"";'))
}

interface Source {
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
}

function parseSources(file: string, text: string): Source[] {
  if (file.endsWith('.list')) return text.split('\n').flatMap(parseLine)
  if (file.endsWith('.sources')) return text.split(/\n\s*\n/).flatMap(parseStanza)
  return []
}

function parseLine(line: string): Source[] {
  const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line)
  if (match === null) return []
  const [, uri = '', suite = '', components = ''] = match
  return [{ uris: [uri], suites: [suite], components: words(components) }]
}

function parseStanza(stanza: string): Source[] {
  const text = stanza.replace(/^#.*\n?/gm, '')
  const field = (name: string) =>
    words(new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, 'im').exec(text)?.[1] ?? '')
  if (!field('Types').includes('deb') || field('Enabled')[0] === 'no') return []
  return [{ uris: field('URIs'), suites: field('Suites'), components: field('Components') }]
}

function formatSource({ uris, suites, components }: Source): string[] {
  const known = components.filter((component) =>
    /^(main|contrib|non-free|non-free-firmware)$/.test(component),
  )
  if (known.length === 0) return []
  return suites
    .map((suite) => suite.replace(/\/$/, ''))
    .filter((suite) => SUITES.test(suite))
    .flatMap((suite) => uris.flatMap(resolveMirror).map((uri) => debLine(uri, suite, known)))
}

function debLine(uri: string, suite: string, components: readonly string[]): string {
  return `deb [signed-by=${DEBIAN_KEYRING}] ${uri.replace(/\/$/, '')} ${suite} ${components.join(' ')}`
}

/** Cloud images name a list of mirrors in a file, which hosts have not got: its first entry is as good. */
function resolveMirror(uri: string): string[] {
  const file = /^mirror\+file:(?:\/\/)?(\/.*)$/.exec(uri)?.[1]
  if (file === undefined) return /^https?:/.test(uri) ? [uri] : []
  if (!existsSync(file)) return []
  return words(readFileSync(file, 'utf8').replace(/#.*/g, '')).slice(0, 1)
}

function words(text: string): string[] {
  return text.trim().split(/\s+/).filter(Boolean)
}
