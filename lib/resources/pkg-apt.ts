import { sh } from '../quote.ts'
import type { PackageManager, Transaction } from './package-manager.ts'
import { aptLatestProbe, aptProbe } from './probes/package.ts'

/** Debian, Ubuntu and their kin. */
export const apt: PackageManager = {
  probe: (latest) => (latest ? aptLatestProbe : aptProbe),
  matches: (installed, wanted) =>
    wanted.endsWith('*') ? installed.startsWith(wanted.slice(0, -1)) : installed === wanted,
  specify: (name, version) => (version === undefined ? name : `${name}=${version}`),
  listsCandidates: true,
  script: aptScript,
}

/**
 * One transaction. Configuration files that were edited are kept, recommended packages left out, running services
 * left alone by needrestart; a database that another process has locked is waited for, one that was left
 * half-way by a killed dpkg is repaired first.
 */
function aptScript(transaction: Transaction): string {
  const { remove, pinned, update, unavailable, doNotStart } = transaction
  const install = [...transaction.install, ...transaction.upgrade]
  return [
    PRELUDE,
    update ? 'update' : '',
    unavailable.length > 0 ? sh`require ${[...unavailable]}`.text : '',
    remove.length > 0 ? sh`transact remove ${[...remove]} || exit`.text : '',
    install.length > 0 ? installation(install, pinned, doNotStart) : '',
  ]
    .filter((line) => line !== '')
    .join('\n')
}

function installation(install: readonly string[], pinned: boolean, doNotStart: readonly string[]): string {
  const held = doNotStart.flatMap((unit) => [unit, unit.replace(/\.service$/, '')]).join(' ')
  const options = pinned ? ['--allow-downgrades', '--allow-change-held-packages'] : []
  const command = sh`transact install --no-install-recommends ${[...options, ...install]}`.text
  const holding = sh`hold=${held}`.text
  return `${held === '' ? 'hold=' : holding}
${command} && exit
case $errors in
  # The lists name files that are no longer there: fetch them anew.
  *'Failed to fetch'* | *'Unable to fetch'*) update; ${command} && exit ;;
esac
exit 100`
}

// Maintainer scripts ask policy-rc.d before they start anything. It is put in place in a mount namespace of its own:
// gone with apt-get, however that ends. What a killed run may leave is an empty file that cannot be executed, which
// counts as no policy at all.
const PRELUDE = `export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none
log=$(mktemp) && exec 8>"$log" 9<"$log" && rm -f "$log" || exit 1
deadline=$(($(date +%s) + 300))

# Runs a command, again and again while another process holds a lock that it needs. Sets errors.
unlocked() {
  while :; do
    "$@" </dev/null 2>&8 8>&- 9<&-
    rc=$?
    errors=$(cat <&9)
    case $rc:$errors in
      0:*) break ;;
      *'Could not get lock'* | *'Unable to lock '* | *'Unable to acquire the dpkg'* | *'locked by another process'*)
        [ "$(date +%s)" -lt $deadline ] || break
        sleep 1 ;;
      *) break ;;
    esac
  done
  [ -z "$errors" ] || printf '%s\\n' "$errors" >&2
  return $rc
}

update() {
  unlocked apt-get -q update && touch /var/lib/apt/lists
}

require() {
  unknown=
  for name do
    case $(apt-cache policy "$name" 2>/dev/null) in
      *'Candidate: '[!\\(]*) ;;
      *) unknown="\${unknown:+$unknown, }$name" ;;
    esac
  done
  [ -z "$unknown" ] || { echo "not in this host's package sources: $unknown" >&2; exit 100; }
}

apt="apt-get -y -q -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"

# What a killed dpkg or apt-get has left half-way.
repair() {
  set -- /var/lib/dpkg/updates/*
  [ -e "$1" ] || [ -n "$(dpkg --audit 2>/dev/null)" ] || return 0
  unlocked dpkg --force-confdef --force-confold --configure -a
  half=$(dpkg-query -W -f '\${db:Status-Eflag} \${Package}\n' | sed -n 's/^reinstreq //p')
  [ -z "$half" ] || unlocked $apt install --no-remove --reinstall $half
}

transact() {
  repair
  attempt "$@" && return
  case $errors in
    *'fix-broken install'* | *'apt-get -f install'*) unlocked $apt -f --no-remove install && attempt "$@" ;;
    *) return 1 ;;
  esac
}

attempt() {
  if [ "$1" = install ] && [ -n "$hold" ]; then held $apt "$@"; else unlocked $apt "$@"; fi
}

held() {
  policy=/usr/sbin/policy-rc.d
  [ -e $policy ] || { : >$policy && chmod 0644 $policy; } || return
  work=$(mktemp -d) || return
  unlocked unshare --mount --propagation slave sh -c '
    work=$1 policy=$2 hold=$3
    shift 3
    mount -t tmpfs -o mode=0755 tmpfs "$work" && cp -p "$policy" "$work/host" &&
      printf "#!/bin/sh\\ncase \\" %s \\" in *\\" \\$1 \\"*) exit 101 ;; esac\\n[ ! -x %s ] || exec %s \\"\\$@\\"\\n" "$hold" "$work/host" "$work/host" >"$work/policy" &&
      chmod 0755 "$work/policy" && mount --bind "$work/policy" "$policy" ||
      { echo "cannot keep $hold from starting: this host allows no mount namespace" >&2; exit 1; }
    exec "$@"' sh "$work" $policy "$hold" "$@"
  rc=$?
  rmdir "$work"
  [ -s $policy ] || rm -f $policy
  return $rc
}
`
