import type { Query } from '../../lib/index.ts'
import type { BaseVars } from './vars.ts'

/** What a host says about itself beyond its facts. */
export interface Node {
  readonly hostname: string
  readonly container: boolean
  readonly machineId: string
  /** The firmware's; empty where it cannot be had. */
  readonly productUuid: string
  readonly clock: Offset
  /** The active service that keeps the clock right. */
  readonly timeSync: string | undefined
  /** Devices and files in use as swap; in a container those of its machine. */
  readonly swaps: readonly string[]
  /** The program that listens, by TCP port. */
  readonly listeners: ReadonlyMap<number, string>
  /** How long a small write takes to reach the disk; undefined where it was not measured. */
  readonly fsyncMs: number | undefined
  readonly fstab: Buffer
  /** The firewall that is at work; undefined where none of the known ones is. */
  readonly firewall: string | undefined
  readonly selinux: boolean
  /** Whether HTTPS_PROXY is set; what it is may hold a password. */
  readonly proxy: boolean
  /** NO_PROXY; empty where it is not set. */
  readonly noProxy: string
}

/** Seconds that a host's clock is ahead of this machine's, as bounds: an answer takes its time. */
export interface Offset {
  readonly least: number
  readonly most: number
}

const FIREWALLS = ['firewalld', 'ufw']
const TIME_SYNC = ['chrony', 'chronyd', 'systemd-timesyncd', 'ntp', 'ntpd', 'ntpsec', 'openntpd']
/** etcd's own advice for measuring: 2300 bytes, each synced. */
const WRITES = 50

/** Asks a host for everything in one round trip. In check mode the disk is not written to. */
export async function observe(query: Query, vars: BaseVars, measureDisk: boolean): Promise<Node> {
  const before = Date.now() / 1000
  const { stdout } = await query`export LC_ALL=C
echo "begin $(date +%s.%N)"
echo "hostname $(uname -n)"
systemd-detect-virt --container --quiet && echo 'container yes'
echo "machine-id $(cat /etc/machine-id 2>/dev/null)"
echo "product-uuid $(cat /sys/class/dmi/id/product_uuid 2>/dev/null)"
systemctl list-units --state=active --plain --no-legend ${[...TIME_SYNC, ...FIREWALLS].map((name) => `${name}.service`)} | sed 's/^/service /'
sed '1d; s/^/swap /' /proc/swaps 2>/dev/null
grep -s . /sys/fs/selinux/enforce | sed 's/^/selinux /'
grep -s '^ENABLED=no' /etc/ufw/ufw.conf | sed 's/^/idle /'
[ -n "$https_proxy$HTTPS_PROXY" ] && echo 'proxy set'
echo "no-proxy $\{no_proxy:-$NO_PROXY}"
ss -Hltnp 2>/dev/null | sed 's/^/listen /'
echo "fstab $(base64 /etc/fstab 2>/dev/null | tr -d '\n')"
dir=${measureDisk ? vars.etcdDataDir : ''}
if [ -n "$dir" ] && [ ! -e "$dir/member" ]; then
  while [ ! -d "$dir" ]; do dir=$\{dir%/*}; [ -n "$dir" ] || dir=/; done
  file=$(mktemp "$dir/.quorate-fsync-XXXXXX") && (
    trap 'rm -f "$file"' EXIT
    timeout 20 dd if=/dev/zero of="$file" bs=2300 count=${WRITES} oflag=dsync 2>&1 | sed 's/^/dd /'
  )
fi
echo "end $(date +%s.%N)"`
  return parseNode(stdout, { before, after: Date.now() / 1000 })
}

/** The lines that `observe`'s script prints; `before` and `after` are when it was sent and answered. */
export function parseNode(text: string, { before, after }: { before: number; after: number }): Node {
  const lines = text.split('\n')
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1).trim())
  const first = (key: string) => all(key)[0] ?? ''
  const services = all('service').map((line) => line.split(/[.\s]/)[0] ?? '')
  // Its unit counts as active also where the rules are not loaded.
  const isIdle = (name: string) => name === 'ufw' && first('idle') !== ''
  return {
    hostname: first('hostname'),
    container: first('container') === 'yes',
    machineId: first('machine-id'),
    productUuid: first('product-uuid'),
    clock: { least: Number(first('end')) - after, most: Number(first('begin')) - before },
    timeSync: services.find((name) => TIME_SYNC.includes(name)),
    swaps: all('swap').map((line) => line.split(/\s/)[0] as string),
    listeners: new Map(all('listen').flatMap(parseListener)),
    fsyncMs: all('dd')
      .map(parseDd)
      .find((ms) => ms !== undefined),
    fstab: Buffer.from(first('fstab'), 'base64'),
    firewall: services.find((name) => FIREWALLS.includes(name) && !isIdle(name)),
    selinux: first('selinux') === '1',
    proxy: first('proxy') === 'set',
    noProxy: first('no-proxy'),
  }
}

/** `LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=75,fd=3))` */
function parseListener(line: string): [number, string][] {
  const match = /^LISTEN\s+\d+\s+\d+\s+\S+:(\d+)\s+\S+(?:\s+users:\(\("([^"]*)")?/.exec(line)
  return match === null ? [] : [[Number(match[1]), match[2] ?? 'an unknown program']]
}

/** `115000 bytes (115 kB, 112 KiB) copied, 0.0123 s, 9.3 MB/s` */
function parseDd(line: string): number | undefined {
  const seconds = /copied, ([\d.e-]+) s/.exec(line)?.[1]
  return seconds === undefined ? undefined : (Number(seconds) * 1000) / WRITES
}
