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
 * @param tag Ends the facts, as the marker of a frame; `factsStart(tag)` is the line before them.
 */
export function bootstrap(tag: string): string {
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
( exec $s sh -c ${quote(SESSION)} sh "$s" )
exit`
}

/** Everything before this line was printed by login scripts, not by us. */
export function factsStart(tag: string): string {
  return `${tag}:facts`
}

// Outlives what it watches: forwards stdin, and when that ends sends TERM to the group, then KILL to what is left of it.
const WATCH = `trap "" HUP INT TERM
cat
exec >/dev/null
kill -TERM $1
n=0
while [ $n -lt 20 ] && kill -0 $1; do sleep 0.1 || sleep 1; n=$((n+1)); done
kill -KILL $1`

// The worker leads a process group of its own. Without setsid that is the group which sshd has made for us, and the
// watcher is part of it: group 0 is "my own".
// A script can kill the worker; then the group goes too, so that our end sees it.
const SESSION = `g=0
[ -n "$1" ] && g=-$$
$1 sh -c ${quote(WATCH)} sh $g <&3 3<&- 2>/dev/null | { sh 3<&-; kill -TERM $g; }`
