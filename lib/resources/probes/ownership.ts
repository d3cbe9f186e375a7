import type { Need, Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'

/** The first thing below a directory that belongs to somebody else; undefined where there is none. */
export const ownershipProbe: Probe<string | undefined> = {
  name: 'ownership',
  script: (args) => args.map(findStranger).join('\n'),
  parse(stdout, args) {
    const answers = stdout.toString().split('\0')
    return args.map((_, i) => answers[i]?.split('\n').find((line) => line !== ''))
  },
}

/** The need to know whether everything below a path belongs to one owner and group. */
export function ownershipNeed(
  path: string,
  { owner, group }: { owner: string; group: string },
): Need<string | undefined> {
  return { probe: ownershipProbe, arg: JSON.stringify([path, owner, group]) }
}

// An owner that does not exist yet is an error of find, and so a line like any other: all is to be changed.
function findStranger(arg: string): string {
  const [path, owner, group] = JSON.parse(arg) as [string, string, string]
  const find = sh`find ${path} -mindepth 1 '(' ! -user ${owner} -o ! -group ${group} ')' -print`
  return sh`[ ! -d ${path} ] || ${find} 2>&1 | head -n 1; printf '\\0'`.text
}
