import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeMachineUnit } from './machine-unit.ts'
import { run, tryRun } from './run.ts'
import { hostPaths, type LabRecord, labPaths } from './state.ts'

/** Makes the root of a host: the base with a layer of its own, in which it has a name, an address and keys. */
export async function createHostRoot(lab: LabRecord, host: string): Promise<void> {
  const { root, upper, work, containerd } = hostPaths(lab.name, host)
  for (const folder of [root, upper, work, containerd]) mkdirSync(folder, { recursive: true, mode: 0o755 })
  const layers = `lowerdir=${lab.base},upperdir=${upper},workdir=${work}`
  // volatile: what a lab writes need not survive this machine's power cut
  await run('mount', ['-t', 'overlay', 'overlay', '-o', `${layers},volatile`, root])
  writeIdentity(lab, host, root)
  writeMachineUnit(root)
  const key = join(root, 'etc/ssh/ssh_host_ed25519_key')
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', host, '-f', key])
}

/** The line of known_hosts for a host. */
export function knownHostsLine(lab: LabRecord, { name, address }: LabRecord['hosts'][number]): string {
  const key = readFileSync(join(hostPaths(lab.name, name).root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8')
  return `${address} ${key.split(' ').slice(0, 2).join(' ')}`
}

/** Unmounts the root of a host that has ended; its files go with the lab's folder. */
export async function unmountHostRoot(lab: string, host: string): Promise<void> {
  const { root } = hostPaths(lab, host)
  while (isMounted(root)) {
    if ((await tryRun('umount', [root])).rc !== 0) await run('umount', ['--lazy', root])
  }
}

function writeIdentity(lab: LabRecord, host: string, root: string): void {
  const address = lab.hosts.find(({ name }) => name === host)?.address
  const write = (file: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text, { mode })
  }
  write('etc/machine-id', `${randomBytes(16).toString('hex')}\n`)
  write('etc/hostname', `${host}\n`)
  write('etc/hosts', `127.0.0.1 localhost\n127.0.1.1 ${host}\n::1 localhost ip6-localhost ip6-loopback\n`)
  write('etc/resolv.conf', outerResolvConf())
  write('etc/systemd/network/10-host0.network', networkFile(`${address}/24`, lab.gateway))
  mkdirSync(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 })
  write('root/.ssh/authorized_keys', readFileSync(`${labPaths(lab.name).key}.pub`, 'utf8'), 0o600)
}

/** This machine's name servers; behind systemd-resolved's stub, which hosts cannot reach, the real ones. */
function outerResolvConf(): string {
  const text = readFileSync('/etc/resolv.conf', 'utf8')
  const behindStub = '/run/systemd/resolve/resolv.conf'
  return /^nameserver\s+127\./m.test(text) && existsSync(behindStub) ? readFileSync(behindStub, 'utf8') : text
}

function networkFile(address: string, gateway: string): string {
  return [
    ...['[Match]', 'Name=host0', ''],
    ...[
      '[Network]',
      `Address=${address}`,
      `Gateway=${gateway}`,
      'LinkLocalAddressing=no',
      'IPv6AcceptRA=no',
      '',
    ],
  ].join('\n')
}

function isMounted(path: string): boolean {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === path)
}
