import { type ClusterNode, OWNED_ANNOTATION, type Taint } from '../kubeadm/cluster-state.ts'

/** Labels and taints that a node should have. */
export interface Marks {
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
}

/** A JSON merge patch of a node. */
export interface NodePatch {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string | null>>
    readonly annotations: Readonly<Record<string, string | null>>
  }
  readonly spec?: { readonly taints: readonly Taint[] | null }
}

/**
 * What gives a node its labels and taints and takes off those that it once got from here; undefined where nothing has
 * to change. Others' labels and taints stay: an annotation remembers which are ours.
 */
export function patchOf(node: ClusterNode, wanted: Marks): NodePatch | undefined {
  const owned = parseOwned(node.owned)
  const labels = labelChanges(node, wanted, owned)
  const taints = taintsOf(node, wanted, owned)
  const annotation = isEmpty(wanted) ? null : describe(wanted)
  const hasTaints = same(node.taints, taints)
  if (Object.keys(labels).length === 0 && hasTaints && (annotation ?? '') === node.owned) return undefined
  return {
    metadata: {
      ...(Object.keys(labels).length > 0 && { labels }),
      annotations: { [OWNED_ANNOTATION]: annotation },
    },
    ...(!hasTaints && { spec: { taints: taints.length === 0 ? null : taints } }),
  }
}

/** In words: `labels disk, zone; taints gpu`. */
export function describePatch({ metadata, spec }: NodePatch): string {
  const labels = Object.keys(metadata.labels ?? {})
  return (
    [...(labels.length > 0 ? [`labels ${labels.join(', ')}`] : []), ...(spec ? ['taints'] : [])].join('; ') ||
    'marks'
  )
}

interface Owned {
  readonly labels: readonly string[]
  readonly taints: readonly string[]
}

function labelChanges({ labels }: ClusterNode, wanted: Marks, owned: Owned): Record<string, string | null> {
  const gone = owned.labels.filter((key) => !(key in wanted.labels) && key in labels)
  const changed = Object.entries(wanted.labels).filter(([key, value]) => labels[key] !== value)
  return { ...Object.fromEntries(gone.map((key) => [key, null])), ...Object.fromEntries(changed) }
}

function taintsOf({ taints }: ClusterNode, wanted: Marks, owned: Owned): Taint[] {
  const ours = new Set([...owned.taints, ...wanted.taints.map(nameOf)])
  return [...taints.filter((taint) => !ours.has(nameOf(taint))), ...wanted.taints]
}

/** The order of taints means nothing. */
function same(left: readonly Taint[], right: readonly Taint[]): boolean {
  const text = (taints: readonly Taint[]) =>
    taints
      .map((taint) => `${nameOf(taint)}=${taint.value ?? ''}`)
      .sort()
      .join()
  return text(left) === text(right)
}

/** Key and effect are what a taint is known by. */
function nameOf({ key, effect }: Taint): string {
  return `${key}:${effect}`
}

function isEmpty({ labels, taints }: Marks): boolean {
  return Object.keys(labels).length === 0 && taints.length === 0
}

function describe({ labels, taints }: Marks): string {
  return JSON.stringify({ labels: Object.keys(labels).sort(), taints: taints.map(nameOf).sort() })
}

function parseOwned(text: string): Owned {
  try {
    const { labels = [], taints = [] } = JSON.parse(text) as Partial<Owned>
    return { labels, taints }
  } catch {
    return { labels: [], taints: [] }
  }
}
