import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ReleaseServer } from './release-server.ts'
import { sha256 } from './release-server.ts'
import { descriptor, json, MANIFEST_TYPE, type TinyImage } from './tiny-image.ts'

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json'

/** Publishes an image for some architectures in a registry that hands out tokens to whoever asks. */
export function publishImage(
  server: ReleaseServer,
  reference: string,
  images: Readonly<Record<string, TinyImage>>,
): void {
  const [, registry = '', repository = '', tag = ''] = /^([^/]+)\/(.+):([^:]+)$/.exec(reference) ?? []
  const root = `/${registry}/v2/${repository}`
  const put = (path: string, content: Buffer) => server.files.set(`${root}/${path}`, content)
  const manifests = Object.entries(images).map(([architecture, { config, layer, manifest }]) => {
    for (const blob of [config, layer]) put(`blobs/sha256:${sha256(blob)}`, blob)
    put(`manifests/sha256:${sha256(manifest)}`, manifest)
    return { ...descriptor(MANIFEST_TYPE, manifest), platform: { os: 'linux', architecture } }
  })
  put(`manifests/${tag}`, json({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests }))
}

/** Has everything below `/registry/v2/` ask for a token, which `/token` gives for the scope that was named. */
export function requireTokens(server: ReleaseServer): void {
  server.misbehaviours.push(
    (request, response) => giveToken(request, response) || refuse(server, request, response),
  )
}

function giveToken({ url = '' }: IncomingMessage, response: ServerResponse): boolean {
  if (!url.startsWith('/token?')) return false
  const scope = new URL(url, 'http://x').searchParams.get('scope')
  response.end(json({ token: `token for ${scope}` }))
  return true
}

function refuse(
  server: ReleaseServer,
  { url = '', headers }: IncomingMessage,
  response: ServerResponse,
): boolean {
  const [, repository] = /^\/[^/]+\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url) ?? []
  if (repository === undefined) return false
  const scope = `repository:${repository}:pull`
  if (headers.authorization === `Bearer token for ${scope}`) return false
  const challenge = `Bearer realm="${server.origin}/token",service="test",scope="${scope}"`
  response.writeHead(401, { 'www-authenticate': challenge }).end()
  return true
}
