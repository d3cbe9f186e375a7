import type { Need, Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'

/** Live values of kernel parameters by one `grep` (the shell's own `read` gets only one byte out of these files); undefined where there is no such key. */
export const sysctlProbe: Probe<string | undefined> = {
  name: 'sysctl',
  script: (keys) => sh`grep -s '' ${keys.map(sysctlPath)} /dev/null`.text,
  parse(stdout, keys) {
    const lines = stdout.toString().split('\n')
    return keys.map((key) => {
      const start = `${sysctlPath(key)}:`
      const values = lines.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length))
      return values.length === 0 ? undefined : plainValue(values.join(' '))
    })
  },
}

/** The need of one kernel parameter's value. */
export function sysctlNeed(key: string): Need<string | undefined> {
  return { probe: sysctlProbe, arg: key }
}

/** Where a key lives: as sysctl(8) has it, the first separator tells whether dots or slashes separate. */
export function sysctlPath(key: string): string {
  const path = /^[^./]*\//.test(key)
    ? key
    : key.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'))
  return `/proc/sys/${path}`
}

/** The value with single spaces, as it is compared. */
export function plainValue(value: string): string {
  return value.trim().split(/\s+/).join(' ')
}
