import { EXIT_CODES, examples, type HelpSubject } from './help.ts'
import { OPTIONS, type Option } from './options.ts'

/** The help of a playbook as a manual page. */
export function manualPage(subject: HelpSubject, version: string): string {
  const { name, command, usage = '' } = subject
  const title = (command.split(/[ /]/).at(-1) ?? 'quorate').replace(/\.\w+$/, '')
  return `${[
    `.TH ${roff(title.toUpperCase())} 1 "" "Quorate ${roff(version)}"`,
    ...['.SH NAME', `${roff(title)} \\- ${roff(name)}`],
    ...['.SH SYNOPSIS', `.B ${roff(command)}`, roff(`${usage} [OPTION]...`.trim())],
    '.SH EXAMPLES',
    ...examples(subject).flatMap(([line, what]) => ['.TP', `.B ${roff(line)}`, roff(what)]),
    '.SH OPTIONS',
    ...Object.entries<Option>(OPTIONS).flatMap(([flag, option]) => optionLines(flag, option)),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, meaning]) => ['.TP', `.B ${roff(code)}`, roff(meaning)]),
    '.SH FILES',
    ...['.TP', roff('$XDG_STATE_HOME/quorate (~/.local/state/quorate)')],
    'the newest thirty logs of runs, and which hosts failed when they last ran',
  ].join('\n')}\n`
}

function optionLines(flag: string, { short, value, help }: Option): string[] {
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${flag}`]
  const shown = names.map((name) => `\\fB${roff(name)}\\fR`).join(', ')
  return ['.TP', value === undefined ? shown : `${shown} \\fI${roff(value)}\\fR`, roff(help)]
}

/** Text as troff takes it: a hyphen that can be copied, and no line that looks like a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&')
}
