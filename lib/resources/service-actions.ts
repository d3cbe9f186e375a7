import { sh } from '../quote.ts'
import { RECORDS, recordPath } from './probes/service-record.ts'

/** Digests of files by path. */
export type Digests = ReadonlyMap<string, string>

/**
 * `start`, `restart` or `reload`: the service must still run afterwards, then what it runs with is recorded. systemd
 * reads unit files again in any case: it does not notice by itself that a unit got its first drop-in.
 */
export function runAction(
  verb: 'start' | 'restart' | 'reload',
  unit: string,
  record: Digests | undefined,
): string {
  return `${PRELUDE}
${sh`unit=${unit}`}
systemctl daemon-reload || exit
run ${verb}${record === undefined ? '' : `\n${recordAction(unit, record)}`}`
}

/** Writes a service's record, as a whole or not at all. */
export function recordAction(unit: string, record: Digests): string {
  const lines = [...record].map(([path, digest]) => `${digest}  ${path}\n`).join('')
  const temporary = `${RECORDS}/.${unit}.quorate-new`
  return sh`umask 077
mkdir -p ${RECORDS} && invocation=$(systemctl show -p InvocationID -- ${unit}) &&
  printf 'invocation %s\\n%s' "\${invocation#*=}" ${lines} >${temporary} && mv -f ${temporary} ${recordPath(unit)}`
    .text
}

/** `enable`, `disable` or `stop`. */
export function simpleAction(verb: 'enable' | 'disable' | 'stop', unit: string): string {
  return `${PRELUDE}
${sh`unit=${unit}`}
reread
systemctl -q ${verb} "$unit" || explain`
}

export const DAEMON_RELOAD = 'systemctl daemon-reload'

// A service that tells when it is ready (notify, dbus, forking, oneshot) has been waited for by systemctl. Of the
// others systemctl only knows that they were started: one that dies at once is found a second later.
const PRELUDE = `export LC_ALL=C
show() { systemctl show -p "$1" -- "$unit" | sed 's/^[^=]*=//'; }
reread() { [ "$(show NeedDaemonReload)" = no ] || systemctl daemon-reload; }
explain() {
  echo "$unit: $(show ActiveState) ($(show SubState)), result $(show Result), exit status $(show ExecMainStatus)"
  echo "last lines of journalctl -u $unit:"
  lines | tail -n 18
  exit 1
} >&2
# What a program said last may still be on its way to the journal: until systemd's own last word is there, and nothing new.
lines() {
  said=
  for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
    journalctl --sync 2>/dev/null
    now=$(journalctl -u "$unit" -n 60 --no-pager -q -o short)
    case $said:$now in "$now:"*Failed*) break ;; esac
    said=$now
    sleep 0.3
  done
  printf '%s\\n' "$now"
}
run() {
  # A start out of the wait between two automatic restarts would count as one of them.
  [ "$(show SubState)" != auto-restart ] || systemctl stop "$unit"
  systemctl reset-failed "$unit" 2>/dev/null
  systemctl "$1" "$unit" || explain
  case $unit:$(show Type) in
    *.service:simple | *.service:exec | *.service:idle) sleep 1 ;;
  esac
  case $(show ActiveState):$(show NRestarts) in
    active: | active:0 | reloading:*) ;;
    active:*) [ "$1" = reload ] || explain ;;
    *) explain ;;
  esac
}`
