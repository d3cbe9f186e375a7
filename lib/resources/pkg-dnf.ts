import { sh } from '../quote.ts'
import type { PackageManager, Transaction } from './package-manager.ts'
import { rpmLatestProbe, rpmProbe } from './probes/package.ts'

/** Fedora, RHEL and their kin. Their packages never start a service by themselves: `doNotStart` needs nothing. */
export function dnf(command: 'dnf' | 'yum'): PackageManager {
  return {
    probe: (latest) => (latest ? rpmLatestProbe : rpmProbe),
    matches,
    specify: (name, version) => (version === undefined ? name : `${name}-${version}`),
    listsCandidates: false,
    script: (transaction) => dnfScript(command, transaction),
  }
}

/** `1.2` is any release of 1.2; `1.2-3.el9` and `1:1.2-3.el9` are exact. */
function matches(installed: string, wanted: string): boolean {
  const exact = installed.replace(/^\d+:/, '')
  if (wanted.endsWith('*')) return exact.startsWith(wanted.slice(0, -1))
  return [installed, exact, exact.replace(/-[^-]*$/, '')].includes(wanted)
}

// dnf and yum wait by themselves for a lock that another one holds.
function dnfScript(command: string, { install, upgrade, remove }: Transaction): string {
  const run = (verb: string, specs: readonly string[]) =>
    specs.length === 0 ? '' : sh`transact ${command} -y ${verb} ${[...specs]} || exit`.text
  return [PRELUDE, run('remove', remove), run('install', install), run('upgrade', upgrade)]
    .filter((line) => line !== '')
    .join('\n')
}

// yum installs the rest and succeeds where it does not know a package: what it could not find is an error of its own.
const PRELUDE = `export LC_ALL=C
log=$(mktemp) && exec 8>"$log" 9<"$log" && rm -f "$log" || exit 1
transact() {
  "$@" </dev/null 2>&8 8>&- 9<&-
  rc=$?
  errors=$(cat <&9)
  [ -z "$errors" ] || printf '%s\\n' "$errors" >&2
  unknown=$(printf '%s\\n' "$errors" | sed -n -e 's/.*nable to find a match: //p' -e 's/^No package \\(.*\\) available.*/\\1/p')
  [ -z "$unknown" ] || { echo "not in this host's package sources:" $unknown >&2; return 1; }
  return $rc
}`
