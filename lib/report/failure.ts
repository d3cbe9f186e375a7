import type { FailureReport } from '../engine/events.ts'
import type { Palette } from './color.ts'
import { showPlace } from './stack.ts'
import { indentLines, oneLine } from './text.ts'

const INDENT = '    '
const STDERR_LINES = 20

/**
 * Everything that is known about a host's failure. The first line can be searched for by host, role or resource:
 *
 *     m2  etcd  failed  service etcd: could not be started
 *         play:    etcd
 *         at:      roles/etcd/index.ts:42:7
 *         rc:      1
 *         stderr:  Job for etcd.service failed.
 *         try:     journalctl -u etcd
 */
export function failureLines(failure: FailureReport, palette: Palette): string[] {
  const { message, play, place, rc, stderr, hint } = failure
  const [first = '', ...rest] = message.trim().split('\n')
  return [
    headline(failure, first, palette),
    ...rest.map((line) => `${INDENT}${line}`),
    ...field('play', play, palette.dim),
    ...field('at', place && showPlace(place), palette.dim),
    ...field('rc', rc?.toString(), palette.dim),
    ...field('stderr', lastLines(stderr), palette.dim),
    ...field('try', hint, palette.title),
  ]
}

/** What went wrong in one line: `service etcd: could not be started`. */
export function failureSummary({ resource, message }: FailureReport): string {
  return oneLine(`${resource === undefined ? '' : `${resource}: `}${message.trim().split('\n')[0]}`)
}

function headline(failure: FailureReport, message: string, palette: Palette): string {
  const role = failure.role === undefined ? '' : `${failure.role}  `
  const state = palette.failed(failure.unreachable ? 'unreachable' : 'failed')
  return `${failure.host}  ${role}${state}  ${failureSummary({ ...failure, message })}`
}

function field(name: string, value: string | undefined, style: (text: string) => string): string[] {
  if (!value?.trim()) return []
  const label = `${name}:`.padEnd(9)
  const [first, ...rest] = indentLines(value, '')
  return [
    `${INDENT}${style(label)}${first}`,
    ...rest.map((line) => `${INDENT}${' '.repeat(9)}${line}`.trimEnd()),
  ]
}

function lastLines(text: string | undefined): string | undefined {
  const lines = text?.trimEnd().split('\n') ?? []
  if (lines.length <= STDERR_LINES) return text
  return [`… ${lines.length - STDERR_LINES} earlier lines`, ...lines.slice(-STDERR_LINES)].join('\n')
}
