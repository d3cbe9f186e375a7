import { Chalk } from 'chalk'

/** What decides on colour; everything else in this folder asks for a `Palette` and never looks at the environment. */
export interface ColorChoice {
  /** `--color` or `--no-color`; undefined where the user gave neither. */
  readonly flag: boolean | undefined
  readonly env: NodeJS.ProcessEnv
  readonly isTTY: boolean
}

/** Text styles by meaning. */
export interface Palette {
  readonly ok: Style
  readonly changed: Style
  readonly failed: Style
  readonly warning: Style
  readonly added: Style
  readonly removed: Style
  readonly title: Style
  readonly dim: Style
}

export type Style = (text: string) => string

/** True where output is coloured: the flag, then NO_COLOR, then FORCE_COLOR, then whether people are watching. */
export function wantsColor({ flag, env, isTTY }: ColorChoice): boolean {
  if (flag !== undefined) return flag
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return isTTY && env.TERM !== 'dumb'
}

/** The styles, or their colourless twins. The sixteen basic colours follow the user's own terminal theme. */
export function createPalette(color: boolean): Palette {
  // Chalk's own detection ignores NO_COLOR on a terminal, so its level is always given.
  const chalk = new Chalk({ level: color ? 1 : 0 })
  return {
    ok: chalk.green,
    changed: chalk.yellow,
    failed: chalk.red,
    warning: chalk.magenta,
    added: chalk.green,
    removed: chalk.red,
    title: chalk.bold,
    dim: chalk.dim,
  }
}
