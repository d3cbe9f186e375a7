import { stripVTControlCharacters } from 'node:util'

const FEW_HOSTS = 3
const HOSTS_WIDTH = 40
const ASCII = /^[ -~]*$/
const HARMLESS = /^[\n\t -~]*$/
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u
const ZERO_WIDTH = /[\p{Mark}\p{Cf}]/u
// Everything that moves a cursor or reorders what is read, apart from line breaks and tabs.
const CONTROL = /(?![\n\t])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** `text` without anything that could steer the reader's terminal: hosts and their programs choose what they print. */
export function neutralise(text: string): string {
  if (HARMLESS.test(text)) return text
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** How many columns `text` (one line, no escape codes) takes on a terminal. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  return [...text].reduce((width, character) => width + characterWidth(character), 0)
}

/** `text` in at most `width` columns; what was cut off is marked with `…`. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let kept = ''
  let used = 1
  for (const character of text) {
    used += characterWidth(character)
    if (used > width) break
    kept += character
  }
  return width < 1 ? '' : `${kept}…`
}

/** `text` filled up with spaces to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

/** Line breaks, tabs and runs of spaces become one space. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** Lines of `text` without trailing blank ones, each behind `indent`. */
export function indentLines(text: string, indent: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`.trimEnd())
}

/** `text` in at most `width` columns without its middle: host names differ at their ends. */
export function cutMiddle(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  const tail = Math.floor((width - 1) / 2)
  return `${cut(text, width - tail)}${tail > 0 ? text.slice(-tail) : ''}`
}

/** `m1 m2 m3`, for many `m1 … m30 (30)`, and where the names are long `m1.example.net and 29 more`. */
export function collapseHosts(hosts: readonly string[]): string {
  const all = hosts.join(' ')
  if (hosts.length <= FEW_HOSTS || all.length <= HOSTS_WIDTH) return all
  const range = `${hosts[0]} … ${hosts.at(-1)} (${hosts.length})`
  return range.length <= HOSTS_WIDTH ? range : `${hosts[0]} and ${hosts.length - 1} more`
}

/** `1 host`, `3 hosts`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `0.8 s`, `42.0 s`, `2 min 13 s`, `1 h 02 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`
  return `${Math.floor(whole / 3600)} h ${twoDigits(Math.floor((whole % 3600) / 60))} min`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

function characterWidth(character: string): number {
  if (ZERO_WIDTH.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}
