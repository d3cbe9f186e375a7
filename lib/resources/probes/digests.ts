import { posix } from 'node:path'
import { sh } from '../../quote.ts'

/** Directory on the host with a record of each program that we installed, below it at the program's own path. */
const RECORDS = '/var/lib/quorate/digests'

// Whatever is done to a file's content changes its ctime, which nobody can set.
const IDENTITY = '%i %s %y %z'

/**
 * Shell function: `DIGEST  PATH` for each of the regular files that it is given. Of what is recorded and has been left
 * alone since, the digest is known: a node has hundreds of megabytes of programs. Everything else is read.
 */
export const DIGESTS = `digests() (
  now=
  [ ! -d ${RECORDS} ] || now="
$(TZ=UTC0 stat -c '${IDENTITY} %n' -- "$@" 2>/dev/null)
"
  for file do
    shift
    if [ -f "${RECORDS}$file" ] && { IFS= read -r digest && IFS= read -r identity; } <"${RECORDS}$file" &&
      case $now in *"
$identity $file
"*) ;; *) false ;; esac
    then printf '%s  %s\\n' "$digest" "$file"
    else set -- "$@" "$file"
    fi
  done
  [ $# -eq 0 ] || exec sha256sum -- "$@" 2>/dev/null
)`

/** Script that records the digest of a file. Where that fails the file is read each time, as any other is. */
export function recordDigest(path: string): string {
  const record = RECORDS + path
  return sh`identity() { TZ=UTC0 stat -c ${IDENTITY} -- ${path}; }
{
  mkdir -p -- ${posix.dirname(record)} &&
    # Two changes in one tick of the clock leave the same times.
    sleep 0.1 &&
    before=$(identity) && digest=$(sha256sum <${path}) && [ "$(identity)" = "$before" ] &&
    printf '%s\\n%s\\n' "$\{digest%% *}" "$before" >${record}
} 2>/dev/null || rm -f -- ${record}`.text
}
