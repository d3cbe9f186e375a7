import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers one request, and says whether it did. */
type Misbehaviour = (request: IncomingMessage, response: ServerResponse) => boolean

/** A server on loopback that stands for the official hosts: each under a path of its own, `/dl.k8s.io/release/…`. */
export class ReleaseServer {
  readonly files = new Map<string, Buffer>()
  /** What was asked for, with the range where one was: `GET /dl.k8s.io/x bytes=10-`. */
  readonly requests: string[] = []
  /** Tried in order before a file is served. */
  readonly misbehaviours: Misbehaviour[] = []
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Sends every official host here. */
  get mirrors(): Record<string, string> {
    const hosts = ['dl.k8s.io', 'github.com', 'registry.k8s.io', 'ghcr.io', 'example.com']
    return Object.fromEntries(hosts.map((host) => [host, `${this.origin}/${host}`]))
  }

  /** Publishes a file with its checksum beside it, alone or as sha256sum writes it. */
  publish(url: string, content: Buffer, checksum = `${url}.sha256`, line = sha256(content)): void {
    this.files.set(pathOf(url), content)
    const list = this.files.get(pathOf(checksum))?.toString() ?? ''
    this.files.set(pathOf(checksum), Buffer.from(`${list}${line}\n`))
  }

  /** Breaks the connection in the middle of one answer, after `bytes` of it. */
  truncateOnce(path: string, bytes: number): void {
    this.misbehaveOnce(path, (request, response) => {
      const content = this.files.get(request.url ?? '') as Buffer
      response.writeHead(200, { 'content-length': content.length, etag: etagOf(content) })
      response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 50))
    })
  }

  misbehaveOnce(path: string, answer: (request: IncomingMessage, response: ServerResponse) => void): void {
    const misbehaviour: Misbehaviour = (request, response) => {
      if (request.url !== path) return false
      this.misbehaviours.splice(this.misbehaviours.indexOf(misbehaviour), 1)
      answer(request, response)
      return true
    }
    this.misbehaviours.push(misbehaviour)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', headers } = request
    this.requests.push(['GET', url, headers.range].filter(Boolean).join(' '))
    if (this.misbehaviours.some((misbehave) => misbehave(request, response))) return
    const content = this.files.get(url)
    if (content === undefined) response.writeHead(404).end('no such file')
    else serve(content, headers.range, headers['if-range']?.toString(), response)
  }
}

/** Hex digest. */
export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** Where the server has an official URL. */
export function pathOf(url: string): string {
  return url.replace('https:/', '')
}

const etagOf = (content: Buffer) => `"${sha256(content).slice(0, 16)}"`

function serve(
  content: Buffer,
  range: string | undefined,
  condition: string | undefined,
  response: ServerResponse,
): void {
  const etag = etagOf(content)
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
  if (start === 0 || (condition !== undefined && condition !== etag))
    response.writeHead(200, { etag }).end(content)
  else if (start >= content.length)
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
  else {
    const contentRange = `bytes ${start}-${content.length - 1}/${content.length}`
    response.writeHead(206, { etag, 'content-range': contentRange }).end(content.subarray(start))
  }
}
