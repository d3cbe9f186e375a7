import { quote } from '../quote.ts'
import { FACTS_SCRIPT } from './facts.ts'

/**
 * What runs on a host as long as a connection is open: it tells the host's facts, then becomes a shell that reads
 * scripts from its stdin. The end of that stdin, however it comes about (we are done, the connection broke, the
 * control process was killed), ends every process that a script has started.
 *
 * The last `exit` keeps a shell from doing without the subshell in front of it: setsid would be a group leader, fork,
 * and sshd would take the program for ended.
 *
 * @param beatSeconds How often a sign of life may be expected on its stdin.
 * @param tag Ends the facts, as the marker of a frame; `factsStart(tag)` is the line before them.
 */
export function bootstrap(tag: string, beatSeconds: number): string {
  return `umask 022
export LC_ALL=C PATH="\${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
exec 3<&0 </dev/null
(
printf '\\n%s\\n' ${factsStart(tag)}
${FACTS_SCRIPT.trim()}
) 2>/dev/null
printf '\\n%s 0\\n' ${tag}
printf '\\n%s \\n' ${tag} >&2
s=; command -v setsid >/dev/null && s=setsid
( exec $s sh -c ${quote(SESSION)} sh "$s" ${beatSeconds} )
exit`
}

/** Everything before this line was printed by login scripts, not by us. */
export function factsStart(tag: string): string {
  return `${tag}:facts`
}

// Outlives what it watches: forwards stdin, and when that ends sends TERM to the group, then KILL to what is left of it.
// A control machine that has gone without a word closes nothing. So it sends a newline from time to time, and who
// forwards it sleeps and wakes once more: when that has not happened for three looks, the forwarder is ended. It may
// only ever wait to read: FramedShell sends no more than a pipe holds. Where /proc does not tell, nobody looks.
// Its sleep has inherited that TERM is ignored: only KILL ends it.
const WATCH = `trap "" HUP INT TERM
exec 4<&0 </dev/null
cat <&4 &
c=$!
exec 4<&- >/dev/null
(
s=
trap 'kill -KILL $s; exit' USR1
old=
n=0
while [ $n -lt 3 ]; do
  sleep $2 & s=$!
  wait $s || exit
  new=
  while read -r k v; do [ "$k" != voluntary_ctxt_switches: ] || new=$v; done </proc/$c/status
  [ -n "$new" ] || exit
  if [ "$new" = "$old" ]; then n=$((n+1)); else n=0; fi
  old=$new
done
kill -KILL $c
) &
w=$!
wait $c
kill -USR1 $w
kill -TERM $1
n=0
while [ $n -lt 20 ] && kill -0 $1; do sleep 0.1 || sleep 1; n=$((n+1)); done
kill -KILL $1`

// The worker leads a process group of its own. Without setsid that is the group which sshd has made for us, and the
// watcher is part of it: group 0 is "my own".
// A script can kill the worker; then the group goes too, so that our end sees it.
const SESSION = `g=0
[ -n "$1" ] && g=-$$
$1 sh -c ${quote(WATCH)} sh $g $2 <&3 3<&- 2>/dev/null | { sh 3<&-; kill -TERM $g; }`
