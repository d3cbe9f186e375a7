import type { Need, Probe } from '../../engine/resource.ts'

/** Whether kernel modules are loaded or built in. */
export const kernelModuleProbe: Probe<boolean> = {
  name: 'kernel-module',
  script: (names) => `builtin=$(cat "/lib/modules/$(uname -r)/modules.builtin" /proc/filesystems 2>/dev/null)
${names.map(check).join('\n')}`,
  parse(stdout, names) {
    const lines = stdout.toString().split('\n')
    return names.map((_, index) => lines[index] === 'yes')
  },
}

/** The need of one module's state. */
export function kernelModuleNeed(name: string): Need<boolean> {
  return { probe: kernelModuleProbe, arg: name }
}

// Where /sys/module and modules.builtin are hidden, as in many containers, these still show by what they bring.
const EVIDENCE: Readonly<Record<string, string>> = {
  br_netfilter: '/proc/sys/net/bridge/bridge-nf-call-iptables',
  ip_vs: '/proc/net/ip_vs',
  nf_conntrack: '/proc/sys/net/netfilter/nf_conntrack_max',
}

function check(name: string): string {
  const plain = name.replaceAll('-', '_')
  const pattern = `*/${plain.replaceAll('_', '[-_]')}.ko*`
  const evidence = EVIDENCE[plain]
  // A kernel that cannot load modules (it has no /proc/modules) has what it has: that is for its users to find out.
  const otherwise = evidence === undefined ? '[ ! -e /proc/modules ]' : `[ -e ${evidence} ]`
  // A file system's name ends its line in /proc/filesystems.
  return `case "$builtin
" in ${pattern} | *'\t${plain}
'*) echo yes ;; *) if [ -e /sys/module/${plain} ] || ${otherwise}; then echo yes; else echo no; fi ;; esac`
}
