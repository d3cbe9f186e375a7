import { z } from 'zod'

/** File in a bundle's directory that names everything else in it. */
export const MANIFEST = 'manifest.json'

/** As release artifacts and image platforms name them. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const

export type Architecture = (typeof ARCHITECTURES)[number]

/** Made when a bundle is read: most runs have none. */
const itemSchema = () =>
  z
    .strictObject({
      kind: z.enum(['binary', 'archive', 'image', 'package', 'manifest']),
      /** Unique among the items of its kind: etcd is a binary and an image. */
      name: z.string().min(1),
      version: z.string().min(1),
      /** Relative to the bundle's directory. */
      file: z.string().refine((path) => !/^\/|(^|\/)\.{1,2}(\/|$)|[\n\0]|^$/.test(path), {
        error: ({ input }) => `the path '${input}' leaves the bundle; it must be relative, without '..'`,
      }),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, {
        error: ({ input }) => `'${input}' is no sha256: 64 hex digits in lower case`,
      }),
      /** Bytes. */
      size: z.int().nonnegative(),
      /** Of an image: the name that containerd gets it under. */
      reference: z.string().min(1).optional(),
    })
    .refine(({ kind, reference }) => (kind === 'image') === (reference !== undefined), {
      path: ['reference'],
      error: 'an image needs one, and nothing else has one',
    })

const manifestSchema = () =>
  z.strictObject({
    version: z.literal(1),
    kubernetes: z.string().regex(/^v\d+\.\d+\.\d+$/, {
      error: ({ input }) => `'${input}' is no Kubernetes version, such as v1.36.2`,
    }),
    architecture: z.enum(ARCHITECTURES),
    items: z.array(z.unknown()),
  })

/** What a bundle's manifest says of one file. */
export type BundleItem = z.infer<ReturnType<typeof itemSchema>>

/** What is in a bundle's manifest. */
export interface BundleManifest extends z.infer<ReturnType<typeof manifestSchema>> {
  readonly items: BundleItem[]
}

/** A manifest, as far as it can be understood: `manifest` is complete where there are no problems. */
export interface ParsedManifest {
  readonly manifest: Partial<BundleManifest>
  /** The items that are well-formed. */
  readonly items: readonly BundleItem[]
  /** What is wrong, each with where: `items[3] (kubelet) sha256: …`. */
  readonly problems: readonly string[]
}

/** Reads all of a manifest, whatever is wrong with parts of it. */
export function parseManifest(json: unknown): ParsedManifest {
  const header = manifestSchema().safeParse(json)
  const given = ((json as Partial<BundleManifest> | null)?.items ?? []) as readonly unknown[]
  const entries = Array.isArray(given) ? given : []
  const item = itemSchema()
  const parsed = entries.map((entry) => item.safeParse(entry))
  const items = parsed.flatMap(({ data }) => (data === undefined ? [] : [data]))
  const wrongItems = parsed.flatMap(({ error }, index) =>
    (error?.issues ?? []).map(({ path, message }) => subject(entries, index, path) + message),
  )
  const problems = [
    ...(header.error?.issues ?? []).map(({ path, message }) => [...path.map(String), message].join(': ')),
    ...wrongItems,
    ...duplicates(entries),
  ]
  return { manifest: header.success ? { ...header.data, items } : {}, items, problems }
}

function subject(entries: readonly unknown[], index: number, path: readonly PropertyKey[] = []): string {
  const { name } = (entries[index] ?? {}) as Partial<BundleItem>
  const known = typeof name === 'string' ? [`(${name})`] : []
  return `${[`items[${index}]`, ...known, ...path.map(String)].join(' ')}: `
}

function duplicates(entries: readonly unknown[]): string[] {
  const seen = new Map<string, number>()
  return entries.flatMap((entry, index) => {
    const { kind, name, file, reference } = (entry ?? {}) as Partial<BundleItem>
    const fields = { [`${kind}`]: name, file, reference }
    return Object.entries(fields).flatMap(([field, value]) => {
      const key = `${field} ${value}`
      const first = seen.get(key)
      if (value !== undefined && first === undefined) seen.set(key, index)
      return first === undefined ? [] : [`${subject(entries, index)}items[${first}] is ${key} too`]
    })
  })
}
