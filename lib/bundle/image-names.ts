import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The names under which an image archive (OCI layout, or what `docker save` writes) would be imported; empty for what is no image archive. */
export async function archiveReferences(archive: string): Promise<readonly string[]> {
  const index = (await readMember(archive, 'index.json')) as OciIndex | undefined
  const annotated = (index?.manifests ?? []).flatMap(({ annotations = {} }) => {
    const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name']
    return name === undefined ? [] : [name]
  })
  const saved = (await readMember(archive, 'manifest.json')) as readonly { RepoTags?: string[] }[] | undefined
  return [...new Set([...annotated, ...(saved ?? []).flatMap(({ RepoTags = [] }) => RepoTags)])]
}

interface OciIndex {
  readonly manifests?: readonly { readonly annotations?: Readonly<Record<string, string>> }[]
}

async function readMember(archive: string, member: string): Promise<unknown> {
  try {
    const { stdout } = await promisify(execFile)('tar', ['-xOf', archive, member], { maxBuffer: 2 ** 24 })
    return JSON.parse(stdout)
  } catch {
    return undefined
  }
}
