import type { Need, Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'
import { DIGESTS } from './digests.ts'
import { parseProperties } from './unit.ts'

/** Directory on the host with a file for each service: `invocation ID`, then a line `DIGEST  PATH` for each path. */
export const RECORDS = '/var/lib/quorate/services'

/** What a service runs with, as far as that can be told. */
export interface RecordState {
  /** False where no run of ours has started or reloaded this service yet. */
  readonly recorded: boolean
  /** Digest of each file that it has surely read, by path; a file that is missing here it may have read in another state. */
  readonly loaded: ReadonlyMap<string, string>
}

/**
 * What services were last started or reloaded with. A record speaks of one invocation of a service; where somebody
 * else has started it since, or nothing is recorded, the times of its files tell.
 */
export const recordProbe: Probe<RecordState> = {
  name: 'service-record',
  script(args) {
    const services = args.map(parseArg)
    const units = services.map(([unit]) => unit)
    const paths = [...new Set(services.flatMap(([, ...rest]) => rest))]
    return `export LC_ALL=C TZ=UTC
${sh`systemctl show -p InvocationID,ExecMainStartTimestamp,ActiveEnterTimestamp -- ${units}
printf '\\0'
set -- ${units.map(recordPath)}`}
${READ_RECORDS}
${sh`set -- ${paths}`}
${READ_FILES}`
  },
  parse(stdout, args) {
    const [shown = '', records = '', times = '', digests = ''] = stdout.toString().split('\0')
    const services = shown.split('\n\n')
    const found = parseRecords(records)
    const files = parseFiles(times, digests)
    return args.map((arg, index) => {
      const [unit, ...paths] = parseArg(arg)
      const record = found.get(recordPath(unit))
      const invocation = parseInvocation(services[index] ?? '')
      const loaded = paths.flatMap((path): [string, string][] => {
        const digest = loadedDigest(invocation, record, record?.digests.get(path), files.get(path))
        return digest === undefined ? [] : [[path, digest]]
      })
      return { recorded: record !== undefined, loaded: new Map(loaded) }
    })
  },
}

/** The need of one service's record; the paths are those that the service depends on. */
export function recordNeed(unit: string, paths: readonly string[]): Need<RecordState> {
  return { probe: recordProbe, arg: JSON.stringify([unit, ...paths]) }
}

/** Where a service's record is kept. */
export function recordPath(unit: string): string {
  return `${RECORDS}/${unit}`
}

const parseArg = (arg: string) => JSON.parse(arg) as [string, ...string[]]

const READ_RECORDS = `for record do
  [ -r "$record" ] || continue
  echo "@ $record $(stat -c %Y "$record")"
  while IFS= read -r line; do printf '%s\\n' "$line"; done <"$record"
done
printf '\\0'`

const READ_FILES = `${DIGESTS}
for path do
  shift
  [ -f "$path" ] && [ ! -L "$path" ] && set -- "$@" "$path"
done
[ $# -eq 0 ] || stat -c '%Y %Z %n' -- "$@" 2>/dev/null
printf '\\0'
[ $# -eq 0 ] || digests "$@"`

/** Times are in seconds since 1970. */
interface FileTimes {
  /** When its content was written. */
  readonly written: number
  /** When anything of it was changed last: its content, its mode, its name. */
  readonly touched: number
  readonly digest: string
}

interface ServiceRecord {
  readonly invocation: string
  readonly time: number
  readonly digests: ReadonlyMap<string, string>
}

interface Invocation {
  readonly id: string
  /** When the main process was started; undefined where the service does not run. */
  readonly started: number | undefined
}

/** The digest that a service has surely read of one file; undefined where nothing is sure. */
function loadedDigest(
  { id, started }: Invocation,
  record: ServiceRecord | undefined,
  recorded: string | undefined,
  file: FileTimes | undefined,
): string | undefined {
  // Of what is no regular file (`absent`, a symlink) only the record can tell.
  if (file === undefined)
    return recorded !== undefined && !/^[0-9a-f]{64}$/.test(recorded) ? recorded : undefined
  const same = recorded === file.digest
  if (record?.invocation === id && recorded !== undefined) {
    // Rewritten since, it may have been another one in between, and the service reloaded on that.
    return same && file.written <= record.time ? recorded : undefined
  }
  if (started === undefined) return undefined
  if (file.touched < started) return file.digest
  return same && file.written < started ? file.digest : undefined
}

function parseInvocation(block: string): Invocation {
  const properties = parseProperties(block)
  const started = properties.get('ExecMainStartTimestamp') || properties.get('ActiveEnterTimestamp') || ''
  // `Sat 2026-11-21 09:38:50 UTC`
  const time = Date.parse(started.replace(/^\w+ (\S+) (\S+) UTC$/, '$1T$2Z')) / 1000
  return { id: properties.get('InvocationID') ?? '', started: Number.isNaN(time) ? undefined : time }
}

function parseRecords(text: string): Map<string, ServiceRecord> {
  const sections = text.split(/^@ /m).slice(1)
  return new Map(
    sections.map((section) => {
      const [header = '', first = '', ...lines] = section.split('\n')
      const [path = '', time] = header.split(' ')
      return [
        path,
        { invocation: first.replace('invocation ', ''), time: Number(time), digests: parseDigests(lines) },
      ]
    }),
  )
}

function parseFiles(times: string, digests: string): Map<string, FileTimes> {
  const byPath = parseDigests(digests.split('\n'))
  const files = times.split('\n').flatMap((line): [string, FileTimes][] => {
    const [, written, touched, path = ''] = /^(\d+) (\d+) (.*)$/.exec(line) ?? []
    const digest = byPath.get(path)
    return digest === undefined
      ? []
      : [[path, { written: Number(written), touched: Number(touched), digest }]]
  })
  return new Map(files)
}

/** `DIGEST  PATH` lines by path. */
function parseDigests(lines: readonly string[]): Map<string, string> {
  const entries = lines.map((line) => /^(\S+) {2}(.*)$/.exec(line)).filter((match) => match !== null)
  return new Map(entries.map(([, digest = '', path = '']) => [path, digest]))
}
