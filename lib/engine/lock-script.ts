import { Script, sh } from '../quote.ts'

/** Who wants to change hosts. */
export interface LockOwner {
  /** A name for this run that no other has. */
  readonly run: string
  /** Who, where and which process: `root@control, pid 4711`. */
  readonly who: string
  /** The playbook. */
  readonly what: string
}

export interface LockOptions {
  readonly owner: LockOwner
  /** The host's name in the inventory. */
  readonly host: string
  /** End whoever else has the lock, and all that it runs on the host. */
  readonly force: boolean
}

/** A host's answer: it is ours, somebody else has it, or it knows no locks. */
export type LockAnswer =
  | { readonly state: 'held' }
  | { readonly state: 'busy'; readonly who: string; readonly what: string; readonly seconds: number }
  | { readonly state: 'unknown'; readonly reason: string }

/**
 * Takes the host's lock. A process of the connection's own group holds it (flock), so it ends with the connection
 * however that comes about: there is no lock that stays behind, and nothing to renew. Times are the host's own.
 *
 * A lock that this run has under the same host name is that of a connection which was lost: what it still runs is ended.
 */
export function lockScript({ owner: { run, who, what }, host, force }: LockOptions): string {
  return sh`
run=${run} host=${host} who=${who} what=${what} force=${force ? 1 : 0}
${SCRIPT}`.text
}

/** What the script printed. */
export function parseLockAnswer(stdout: string, stderr: string): LockAnswer {
  const [state, seconds, who = '', what = ''] = stdout.split('\n')
  if (state === 'held') return { state }
  if (state === 'busy') return { state, seconds: Number(seconds) || 0, who, what }
  return { state: 'unknown', reason: stderr.trim().split('\n').at(-1) || 'it gave no answer' }
}

// Who is ended by force must not come back in between: its run is written down first, with who ended it.
// The file holds, line by line: the holder's pid, run, host, since when, who, what. A reader between flock and the
// writing of them sees an earlier run's: it looks again.
const SCRIPT = new Script(`umask 077
command -v flock >/dev/null || { echo 'it has no flock' >&2; exit 1; }
dir=/run
[ "$(id -u)" = 0 ] || dir=\${XDG_RUNTIME_DIR:-$HOME/.cache}
file=\${QUORATE_LOCK_DIR:-$dir}/quorate.lock
mkdir -p "\${file%/*}" && exec 9<>"$file" || exit 1
look() { { read -r pid; read -r by_run; read -r by_host; read -r since; read -r by; read -r of; } <"$file"; }
end_holder() {
  read -r name <"/proc/$pid/comm" && [ "$name" = sleep ] && read -r stat <"/proc/$pid/stat" || return
  set -- \${stat##*) }
  kill -TERM "-$3"; sleep 1; kill -KILL "-$3"
} 2>/dev/null
if { read -r by_run; read -r by; read -r of; } 2>/dev/null <"$file.ended" && [ "$by_run" = "$run" ]; then
  printf '%s\\n' busy 0 "$by" "$of"
  exit
fi
n=0
until flock -n 9; do
  look
  [ "$by_run" != "$run" ] || [ "$by_host" = "$host" ] || { echo held; exit; }
  if [ $n = 5 ]; then
    now=$(date +%s)
    age=$(( now - \${since:-$now} ))
    printf '%s\\n' busy "$age" "$by" "$of"
    exit
  fi
  if [ "$by_run" = "$run" ]; then
    end_holder
  elif [ $force = 1 ]; then
    printf '%s\\n' "$by_run" "$who" "$what" >"$file.ended"
    end_holder
  fi
  n=$((n+1))
  sleep 0.2 2>/dev/null || sleep 1
done
sleep 2000000000 </dev/null >/dev/null 2>&1 &
printf '%s\\n' $! "$run" "$host" "$(date +%s)" "$who" "$what" >"$file"
echo held`)
