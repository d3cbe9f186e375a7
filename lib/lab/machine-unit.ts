import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const UNIT = 'quorate-lab.service'
const SCRIPT = '/usr/local/sbin/quorate-lab'

/** Kernel parameters outside of any namespace that the kubelet sets: a host gets values of its own, without effect. */
const OWN_SYSCTLS = [
  ...['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops'],
  ...['kernel/keys/root_maxkeys', 'kernel/keys/root_maxbytes'],
]

/**
 * Gives a host, at every boot, what containers and Kubernetes find on a machine and not in a systemd-nspawn container.
 * Every host has it: it costs a few mounts, and a playbook meets the same hosts whatever it installs.
 */
export function writeMachineUnit(root: string): void {
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  write(SCRIPT, script())
  chmodSync(join(root, SCRIPT), 0o755)
  write(`/etc/systemd/system/${UNIT}`, unit())
  const wants = join(root, 'etc/systemd/system/sysinit.target.wants')
  mkdirSync(wants, { recursive: true })
  symlinkSync(`../${UNIT}`, join(wants, UNIT))
  // with /dev/kmsg there, every host's journal would fill with the kernel messages of this machine
  write('/etc/systemd/journald.conf.d/lab.conf', '[Journal]\nReadKMsg=no\n')
}

/** On cgroup2 nspawn leaves the host's cgroup writable: nothing is remounted then. */
function script(): string {
  return `#!/bin/sh -e
# Written by the lab: what a machine has and a systemd-nspawn container has not.
mount --make-rshared /
while read -r device path type options rest; do
  case $type:$options in
    # without bind, a remount of a cgroup v1 controller changes nothing and says so to nobody
    cgroup:ro,*) mount -o remount,bind,rw,nosuid,nodev,noexec "$path" ;;
  esac
done </proc/mounts
[ -e /dev/kmsg ] || mknod -m 0600 /dev/kmsg c 1 11
for key in ${OWN_SYSCTLS.join(' ')}; do
  [ -e "/proc/sys/$key" ] || continue
  own=/run/quorate-lab/$key
  mkdir -p "\${own%/*}"
  cat "/proc/sys/$key" >"$own"
  mount --bind "$own" "/proc/sys/$key"
done
`
}

function unit(): string {
  return `[Unit]
Description=What a machine has and a container has not
DefaultDependencies=no
After=systemd-journald.service
Before=systemd-sysctl.service sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${SCRIPT}
`
}
