import { OPTIONS, type Option, type Shell } from './options.ts'
import { quote } from './quote.ts'

const FLAGS = Object.entries<Option>(OPTIONS)

/** What a shell has to read so that it completes the flags of a playbook, for `zx PLAYBOOK`, `npx zx PLAYBOOK` and the file itself. */
export function completion(shell: Shell, command: string): string {
  const file = command.split(/[ /]/).at(-1) ?? ''
  return { bash, zsh, fish }[shell](file)
}

function bash(file: string): string {
  const words = FLAGS.flatMap(([flag, { short }]) => [`--${flag}`, ...(short ? [`-${short}`] : [])])
  const cases = FLAGS.flatMap(([flag, option]) => {
    const names = [`--${flag}`, ...(option.short ? [`-${option.short}`] : [])].join('|')
    if (option.choices)
      return [
        `    ${names}) COMPREPLY=($(compgen -W ${quote(option.choices.join(' '))} -- "$word")); return ;;`,
      ]
    if (takesFile(option)) return [`    ${names}) COMPREPLY=($(compgen -f -- "$word")); return ;;`]
    return option.type === 'string' ? [`    ${names}) return ;;`] : []
  })
  return `_quorate() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  [[ "\${COMP_WORDS[*]}" == *.mjs* || "\${COMP_WORDS[*]}" == *.ts* ]] || return
  case $before in
${cases.join('\n')}
  esac
  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W ${quote(words.join(' '))} -- "$word")); fi
}
complete -o default -o bashdefault -F _quorate zx npx ${quote(file)}
`
}

function zsh(file: string): string {
  const specs = FLAGS.map(([flag, option]) => {
    const { short, value, help, choices, multiple } = option
    const names = short ? `{-${short},--${flag}}` : `--${flag}`
    const once = short ? `(-${short} --${flag})` : ''
    const action = choices ? `(${choices.join(' ')})` : takesFile(option) ? '_files' : ' '
    const text = help.replace(/[[\]:\\]/g, '\\$&')
    const spec = `[${text}]${value === undefined ? '' : `:${value}:${action}`}`
    return `    ${quote(multiple ? '*' : once)}${names}${quote(spec)}`
  })
  return `_quorate() {
  _arguments -s \\
${specs.join(' \\\n')} \\
    '*:file:_files'
}
compdef _quorate zx ${quote(file)}
`
}

function fish(file: string): string {
  const lines = FLAGS.flatMap(([flag, option]) => {
    const { short, type, help, choices } = option
    const takes = type === 'boolean' ? '' : takesFile(option) ? ' -r -F' : ' -x'
    const rest = `-l ${flag}${short ? ` -s ${short}` : ''}${takes}${choices ? ` -a ${quote(choices.join(' '))}` : ''} -d ${quote(help)}`
    return ['zx', file].map((name) => `complete -c ${quote(name)} -n $quorate ${rest}`)
  })
  return `set quorate 'string match -qr "[.](mjs|ts)" -- (commandline)'\n${lines.join('\n')}\n`
}

function takesFile({ value = '' }: Option): boolean {
  return /FILE|SOURCE/.test(value)
}
