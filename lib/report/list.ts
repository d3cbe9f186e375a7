import type { ReadyPlay } from '../engine/run.ts'

/** The text of `--list-hosts` and `--list-tasks`. */
export function listPlays(plays: readonly ReadyPlay[], what: 'hosts' | 'tasks'): string {
  return plays
    .map((play) => `${heading(play)}\n${what === 'hosts' ? hostLines(play) : roleLines(play)}`)
    .join('\n')
}

function heading({ name, hosts, tags }: ReadyPlay): string {
  return `play ${name} (${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}${tags.length > 0 ? `, tags: ${tags.join(', ')}` : ''})`
}

function hostLines({ hosts }: ReadyPlay): string {
  return hosts.map(({ name, address }) => `  ${name}${address === name ? '' : `  ${address}`}\n`).join('')
}

function roleLines({ roles }: ReadyPlay): string {
  return roles.map(({ applied: { definition } }) => `  ${definition.name}  ${definition.summary}\n`).join('')
}
