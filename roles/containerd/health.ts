import { type Query, QuorateError } from '../../lib/index.ts'
import { CONFIG_FILE, SOCKET } from './config.ts'

const HINT = 'journalctl -u containerd tells more'

/**
 * What a containerd that works looks like in words: `containerd 1.6.20, CRI ready, cgroups by cgroupfs`.
 *
 * @throws QuorateError where it does not answer, or could not run a pod.
 */
export async function health(query: Query): Promise<string> {
  const { stdout } = await query`export LC_ALL=C
ctr --address ${SOCKET} --timeout 5s --connect-timeout 5s version 2>&1 | sed 's/^/ctr /'
ctr --address ${SOCKET} --timeout 5s plugins ls 2>/dev/null | sed 's/^/plugin /'
command -v runc >/dev/null || echo 'missing runc'
grep -s SystemdCgroup ${CONFIG_FILE} | sed 's/^/config /'
command -v crictl >/dev/null && crictl --timeout 5s info 2>&1 | sed 's/^/crictl /'
:`
  return judge(stdout)
}

/** The same from the lines that `health`'s script prints. */
export function judge(text: string): string {
  const lines = text.split('\n')
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1))
  const told = all('ctr').join('\n')
  const version = /^Server:\s+Version:\s+v?(\S+)/m.exec(told)?.[1]
  if (version === undefined)
    throw new QuorateError(`containerd does not answer: ${told.trim()}`, { hint: HINT })
  const cri = all('plugin')
    .map((line) => line.trim().split(/\s+/))
    .find(([, id]) => id === 'cri')
  if (cri === undefined || cri.at(-1) !== 'ok') {
    throw new QuorateError(`containerd ${version} runs, but its CRI plugin is ${cri?.at(-1) ?? 'disabled'}`, {
      hint: HINT,
    })
  }
  if (all('missing').length > 0)
    throw new QuorateError('runc is not installed: no container could be started')
  requireRuntimeReady(all('crictl').join('\n'))
  const driver = all('config').some((line) => line.includes('true')) ? 'systemd' : 'cgroupfs'
  return `containerd ${version}, CRI ready, cgroups by ${driver}`
}

/** That the network is not ready is for the CNI to mend, which comes later. */
function requireRuntimeReady(info: string): void {
  if (info === '') return
  const ready = /"status":\s*(true|false),\s*"type":\s*"RuntimeReady"/.exec(info)?.[1]
  if (ready === 'true') return
  throw new QuorateError(`the container runtime is not ready: ${info.trim().slice(0, 500)}`, { hint: HINT })
}
