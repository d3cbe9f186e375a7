import type { OutputReport, ScriptReport, WaitReport } from '../engine/events.ts'
import type { Palette } from './color.ts'
import { collapseHosts, formatSeconds, indentLines, oneLine } from './text.ts'

const MOST_SCRIPT_LINES = 200

/** `m1 | Setting up etcd (3.5.9) ...`: what a script has printed, a line each. */
export function outputLines({ host, stream, text }: OutputReport, palette: Palette): string[] {
  const bar = stream === 'stderr' ? palette.warning('|') : palette.dim('|')
  return text.split('\n').map((line) => `${palette.dim(host)} ${bar} ${line}`.trimEnd())
}

/** `m1  etcd  change  0.3 s, rc 0  file /etc/etcd/etcd.yml`, and the script below. */
export function scriptLines(event: ScriptReport, palette: Palette): string[] {
  const { host, role, purpose, resource, rc, seconds } = event
  const code = rc === 0 ? palette.dim(`rc ${rc}`) : palette.warning(`rc ${rc}`)
  const head = `${host}  ${role}  ${palette.title(purpose)}  ${formatSeconds(seconds)}, ${code}`
  const lines = indentLines(event.script, '    ')
  const hidden = lines.length - MOST_SCRIPT_LINES
  return [
    resource === undefined ? head : `${head}  ${oneLine(resource)}`,
    ...lines.slice(0, MOST_SCRIPT_LINES).map((line) => palette.dim(line)),
    ...(hidden > 0 ? [palette.dim(`    … ${hidden} more lines`)] : []),
  ]
}

/** `m2  etcd: waiting for its turn (m1)` */
export function waitLine(event: WaitReport): string {
  return `${event.host}  ${waitStep(event)}`
}

/** `etcd: waiting for its turn (m1)`: what a host waits for, and for whom. */
export function waitStep({ role, what, on }: WaitReport): string {
  return oneLine(`${role}: waiting for ${what} (${collapseHosts(on)})`)
}
