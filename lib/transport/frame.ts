import { quote } from '../quote.ts'

/** The shell text that runs a script and marks the end of its output on both streams with `tag`. */
export type FrameTemplate = (script: string, tag: string) => string

/** In place of an exit code: the script was left out. */
export const SKIPPED = '-'

/** Goes before the guarded frames that belong together. */
export const START_GROUP = '__g=0\n'

// A syntax error in a script must not end the shell: `eval` in a subshell confines it. `exit`, `cd`, variables and
// traps stay in there too. `printf` is a builtin, so the tag never shows in the process list: nobody on the host can
// print a false one.
export const plainFrame: FrameTemplate = (script, tag) => `${run(script)}; __q=$?; ${marks(tag)}\n`

/** A frame that is left out when an earlier one of its group has failed. */
export const guardedFrame: FrameTemplate = (script, tag) =>
  `if [ "$__g" = 0 ]; then ${run(script)}; __g=$?; __q=$__g; else __q=${SKIPPED}; fi; ${marks(tag)}\n`

function run(script: string): string {
  // `eval` of nothing would keep the exit code of what ran before.
  return `( eval ${script.trim() === '' ? ':' : quote(script)} ) </dev/null`
}

function marks(tag: string): string {
  return `printf '\\n%s %s\\n' ${tag} "$__q"; printf '\\n%s \\n' ${tag} >&2`
}
