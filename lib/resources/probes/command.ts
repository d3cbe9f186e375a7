import type { Need, Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'

/** Whether read-only scripts succeed, each run in a shell of its own. What they print is dropped. */
export const commandProbe: Probe<boolean> = {
  name: 'command',
  volatile: true,
  script: (scripts) =>
    scripts
      .map((script) => sh`if (eval ${script}) </dev/null >/dev/null 2>&1; then echo 0; else echo 1; fi`)
      .join('\n'),
  parse(stdout, scripts) {
    const lines = stdout.toString().split('\n')
    return scripts.map((_, index) => lines[index] === '0')
  },
}

/** The need of one script's outcome. */
export function commandNeed(script: string): Need<boolean> {
  return { probe: commandProbe, arg: script }
}
