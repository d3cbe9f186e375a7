import { setTimeout as sleep } from 'node:timers/promises'
import { QuorateError } from '../errors.ts'

/** A server answered with a status that is no success. */
export class HttpError extends QuorateError {
  readonly status: number
  /** Where redirects had led to. */
  readonly url: string
  readonly headers: Headers

  constructor(asked: string, { status, statusText, url, headers }: Response) {
    super(`cannot fetch ${printable(asked)}: HTTP ${status} ${statusText}`.trimEnd())
    this.status = status
    this.url = url
    this.headers = headers
  }
}

export interface HttpOptions {
  /** Where to go instead of an official host: `{ 'dl.k8s.io': 'https://mirror.example.com/k8s' }`. @default none */
  readonly mirrors?: Readonly<Record<string, string>>
  /** How often in all a request is tried. @default 5 */
  readonly attempts?: number
  /** Milliseconds before the second try; doubled for each further one. @default 500 */
  readonly delay?: number
}

/** One way to ask for something: with a `Range` to resume, with credentials added behind the scenes. */
export type Request = (headers: Readonly<Record<string, string>>) => Promise<Response>

/**
 * Asks for an official URL, at its mirror where there is one.
 *
 * @throws HttpError for any other answer than success.
 */
export async function get(
  url: string,
  headers: Readonly<Record<string, string>>,
  { mirrors = {} }: HttpOptions,
): Promise<Response> {
  const { host, origin } = new URL(url)
  const mirror = mirrors[host]
  const target = mirror === undefined ? url : mirror.replace(/\/$/, '') + url.slice(origin.length)
  const response = await fetch(...withoutCredentials(target, headers)).catch((error: Error) => {
    throw new QuorateError(`cannot fetch ${printable(target)}: ${reasonOf(error)}`, { cause: error })
  })
  if (response.ok) return response
  await response.body?.cancel()
  throw new HttpError(target, response)
}

/** fetch refuses credentials in a URL; they go into a header, which it does not take along to another server. */
function withoutCredentials(url: string, headers: Readonly<Record<string, string>>): [URL, RequestInit] {
  const target = new URL(url)
  const { username, password } = target
  if (username === '') return [target, { headers }]
  target.username = target.password = ''
  const credentials = [username, password].map(decodeURIComponent).join(':')
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  return [target, { headers: { ...headers, authorization } }]
}

/** A URL without what may be a secret. */
export function printable(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/** Does it again, with growing pauses, as long as the failure is one that may pass. */
export async function withRetries<T>(
  { attempts = 5, delay = 500 }: HttpOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= attempts || !mayPass(error)) throw error
      await sleep(delay * 2 ** (attempt - 1))
    }
  }
}

/** A small answer as text. */
export function getText(url: string, options: HttpOptions): Promise<string> {
  return withRetries(options, async () => {
    const response = await get(url, {}, options)
    return await readAll(url, response.text())
  })
}

/** @throws QuorateError that names the URL where the connection breaks in the middle of an answer. */
export async function readAll<T>(url: string, body: Promise<T>): Promise<T> {
  return await body.catch((error: Error) => {
    throw new QuorateError(`cannot fetch ${printable(url)}: ${reasonOf(error)}`, { cause: error })
  })
}

/** What went wrong on the way, as people read it. */
export function reasonOf(error: Error): string {
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return cause.message || String((cause as NodeJS.ErrnoException).code)
}

// A name that does not exist, a refused connection or a certificate will not be better in a second.
const PASSING = /^(ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EAI_AGAIN|UND_ERR_(SOCKET|.*TIMEOUT))$/

function mayPass(error: unknown): boolean {
  if (error instanceof HttpError) return error.status >= 500 || error.status === 429 || error.status === 408
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (PASSING.test((cause as NodeJS.ErrnoException).code ?? '')) return true
  }
  return false
}
