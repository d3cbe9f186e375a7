import type { Facts, InterfaceAddress, Mount } from './connection.ts'

/**
 * Prints what `parseFacts` reads, a line a fact, with as few processes as possible: this runs on every connect.
 * A fact that cannot be had is left out.
 */
export const FACTS_SCRIPT = `
for f in /etc/os-release /usr/lib/os-release; do
  [ -r $f ] && { while IFS= read -r l || [ -n "$l" ]; do echo "os $l"; done <$f; break; }
done
echo "uname $(uname -nrm)"
echo "user $(id -un)"
for p in apt-get dnf yum; do command -v $p >/dev/null && { echo "packages $p"; break; }; done
[ -d /run/systemd/system ] && echo systemd
echo "cpus $(getconf _NPROCESSORS_ONLN || nproc)"
while read -r k v l; do [ "$k" = MemTotal: ] && { echo "memory $v"; break; }; done </proc/meminfo
command -v ip >/dev/null && ip -o addr show | while read -r l; do echo "address $l"; done
t=; command -v timeout >/dev/null && t='timeout 5'
$t df -Pkl | while read -r l; do echo "mount $l"; done
`

/** The facts in the output of `FACTS_SCRIPT`. */
export function parseFacts(text: string): Facts {
  const lines = text.split('\n')
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1))
  const first = (key: string) => all(key)[0] ?? ''
  const [hostname = '', kernel = '', architecture = ''] = first('uname').split(' ')
  return {
    hostname,
    kernel,
    architecture,
    os: parseOsRelease(all('os')),
    packageManager: packageManager(first('packages')),
    systemd: lines.includes('systemd'),
    user: first('user'),
    cpus: Number(first('cpus')) || 1,
    memoryKb: Number(first('memory')) || 0,
    addresses: all('address').flatMap(parseAddress),
    mounts: all('mount').flatMap(parseMount),
  }
}

function parseOsRelease(lines: readonly string[]): Facts['os'] {
  const value = (key: string) => {
    const line = lines.find((candidate) => candidate.startsWith(`${key}=`)) ?? ''
    return line.slice(key.length + 1).replace(/^(["'])(.*)\1$/, '$2')
  }
  return {
    id: value('ID') || 'linux',
    version: value('VERSION_ID'),
    like: value('ID_LIKE').split(' ').filter(Boolean),
  }
}

function packageManager(command: string): Facts['packageManager'] {
  if (command === 'apt-get') return 'apt'
  return command === 'dnf' || command === 'yum' ? command : 'none'
}

/** `2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\ ...` */
function parseAddress(line: string): InterfaceAddress[] {
  const match = /^\d+:\s+(\S+)\s+inet6?\s+([0-9a-fA-F.:]+)(?:\s+peer\s+\S+?)?\/(\d+)\s/.exec(line)
  if (match === null) return []
  const [, name = '', address = '', prefix = ''] = match
  return [{ interface: name, address, prefix: Number(prefix) }]
}

/** `/dev/sda1  10218772 2345678 7331234 25% /var/lib` */
function parseMount(line: string): Mount[] {
  const match = /\s(\d+)\s+\d+%\s+(\/.*)$/.exec(line)
  if (match === null) return []
  const [, available = '', path = ''] = match
  return [{ path, availableKb: Number(available) }]
}
