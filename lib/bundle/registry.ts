import { QuorateError } from '../errors.ts'
import { get, HttpError, type HttpOptions, type Request, readAll, withRetries } from '../fetch/http.ts'
import type { Reference } from './reference.ts'

/** What a registry says of one blob or manifest. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string }
}

/** An image index (manifest list), or the manifest of one platform. */
export interface ManifestDocument {
  readonly mediaType?: string
  readonly manifests?: readonly Descriptor[]
  readonly config?: Descriptor
  readonly layers?: readonly Descriptor[]
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/** One repository of a registry, read by the OCI distribution API; tokens for anonymous users are fetched when they are asked for. */
export class Repository {
  readonly #reference: Reference
  readonly #options: HttpOptions
  #authorization: string | undefined

  constructor(reference: Reference, options: HttpOptions) {
    this.#reference = reference
    this.#options = options
  }

  /** A manifest by tag or digest, byte for byte: its digest is that of its bytes. */
  manifest(selector: string): Promise<{ bytes: Buffer; mediaType: string }> {
    return withRetries(this.#options, async () => {
      const url = this.#url('manifests', selector)
      const response = await this.#get(url, { accept: MANIFEST_TYPES })
      const bytes = Buffer.from(await readAll(url, response.arrayBuffer()))
      return { bytes, mediaType: response.headers.get('content-type')?.split(';')[0] ?? '' }
    })
  }

  blob(digest: string): Request {
    return (headers) => this.#get(this.#url('blobs', digest), headers)
  }

  #url(kind: 'manifests' | 'blobs', selector: string): string {
    const { registry, repository } = this.#reference
    return `https://${registry}/v2/${repository}/${kind}/${selector}`
  }

  async #get(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const authorized = () => ({
      ...headers,
      ...(this.#authorization !== undefined && { authorization: this.#authorization }),
    })
    try {
      return await get(url, authorized(), this.#options)
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 401) throw error
      // Also where a token has expired in the middle of a long pull.
      this.#authorization = await this.#token(error)
      // Who asked for the token may be another server than the one that redirected there, and fetch hands no credentials on.
      return await get(error.url, authorized(), this.#options)
    }
  }

  async #token(refused: HttpError): Promise<string> {
    const challenge = refused.headers.get('www-authenticate') ?? ''
    const parameters = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    )
    const realm = parameters.get('realm')
    if (!/^bearer /i.test(challenge) || realm === undefined) {
      throw new QuorateError(`${refused.message}: it wants a login`, { cause: refused })
    }
    const url = new URL(realm)
    for (const name of ['service', 'scope']) {
      const value = parameters.get(name)
      if (value !== undefined) url.searchParams.set(name, value)
    }
    const response = await get(url.href, {}, this.#options)
    const { token, access_token } = (await readAll(url.href, response.json())) as Record<string, unknown>
    const found = token ?? access_token
    if (typeof found === 'string' && found !== '') return `Bearer ${found}`
    throw new QuorateError(`${url.origin}${url.pathname} gave no token`)
  }
}
