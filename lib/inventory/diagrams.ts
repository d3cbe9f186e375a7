import type { Inventory } from './types.ts'

/** A Mermaid diagram: an arrow from each group to its child groups and its hosts. */
export function toMermaid({ groups, hosts }: Inventory): string {
  const shown = [...groups.values()].filter(({ name }) => name !== 'all' && name !== 'ungrouped')
  const groupIds = new Map(shown.map(({ name }, index) => [name, `g${index}`]))
  const hostIds = new Map([...hosts.keys()].map((name, index) => [name, `h${index}`]))
  const lines = [
    'flowchart LR',
    ...shown.map(({ name }) => `  ${groupIds.get(name)}[["${label(name)}"]]`),
    ...[...hostIds].map(([name, id]) => `  ${id}("${label(name)}")`),
    ...shown.flatMap(({ name, children, directHosts }) =>
      [...children.map((child) => groupIds.get(child)), ...directHosts.map((host) => hostIds.get(host))].map(
        (id) => `  ${groupIds.get(name)} --> ${id}`,
      ),
    ),
  ]
  return `${lines.join('\n')}\n`
}

/** The same for Graphviz. */
export function toDot({ groups, hosts }: Inventory): string {
  const shown = [...groups.values()].filter(({ name }) => name !== 'all' && name !== 'ungrouped')
  // A group may have the name of a host.
  const groupId = (name: string) => dotText(`@${name}`)
  const lines = [
    'digraph inventory {',
    '  rankdir=LR',
    ...shown.map(({ name }) => `  ${groupId(name)} [shape=box]`),
    ...[...hosts.keys()].map((name) => `  ${dotText(name)}`),
    ...shown.flatMap(({ name, children, directHosts }) =>
      [...children.map(groupId), ...directHosts.map(dotText)].map((id) => `  ${groupId(name)} -> ${id}`),
    ),
    '}',
  ]
  return `${lines.join('\n')}\n`
}

function label(name: string): string {
  return name.replaceAll('"', '#quot;')
}

function dotText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
