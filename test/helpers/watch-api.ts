import { request } from 'node:https'

/** What a client of the API noticed. */
export interface Watched {
  readonly asked: number
  readonly failed: number
  /** The longest time without a good answer, in seconds. */
  readonly gap: number
}

export interface Watch {
  /** What was noticed since the last time that somebody asked for it. */
  take(): Watched
  stop(): void
}

/** Asks /readyz ten times a second, each time over a new connection, whatever became of the questions before. */
export function watchApi(url: string): Watch {
  let answers: { readonly at: number; readonly ok: boolean }[] = []
  const timer = setInterval(() => {
    isReady(`${url}/readyz`).then((ok) => answers.push({ at: performance.now(), ok }))
  }, 100)
  return {
    take() {
      const taken = answers
      // The last good answer is where the next gap would begin.
      answers = taken.filter(({ ok }) => ok).slice(-1)
      return summary(taken)
    },
    stop: () => clearInterval(timer),
  }
}

function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { rejectUnauthorized: false, agent: false, timeout: 2000 }
    const asked = request(url, options, (response) => {
      response.resume()
      response.on('close', () => resolve(response.statusCode === 200))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer')))
    asked.on('error', () => resolve(false))
    asked.end()
  })
}

function summary(answers: readonly { readonly at: number; readonly ok: boolean }[]): Watched {
  const good = answers.filter(({ ok }) => ok).map(({ at }) => at)
  const gaps = good.slice(1).map((at, index) => at - (good[index] ?? at))
  return {
    asked: answers.length,
    failed: answers.length - good.length,
    gap: Math.max(0, ...gaps) / 1000,
  }
}
