import type { ReadyPlay } from '../engine/run.ts'

const LINES = { hosts: hostLines, tasks: roleLines, tags: tagLines }

/** The text of `--list-hosts`, `--list-tasks` and `--list-tags`. */
export function listPlays(plays: readonly ReadyPlay[], what: keyof typeof LINES): string {
  return plays.map((play) => `${heading(play)}\n${LINES[what](play)}`).join('\n')
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

function tagLines({ roles, tags }: ReadyPlay): string {
  return roles
    .map(({ applied: { definition } }) => `  ${definition.name}: ${[definition.name, ...tags].join(', ')}\n`)
    .join('')
}
