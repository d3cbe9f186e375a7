import type { Reporter } from './engine/events.ts'

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const
const SIGNALS = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[]

/** What signals come down to for a run. */
export interface Interruption {
  /** Aborted by the first. */
  readonly signal: AbortSignal
  /** What the process is to end with; undefined where no signal has come. */
  exitCode(): number | undefined
  /** From now on there is nothing left to stop but the writing of reports. */
  runIsOver(): void
  /** Signals end the process again as any other. */
  stop(): void
}

/** The first Ctrl-C (or SIGTERM) lets what runs finish and starts nothing new; the second ends at once. */
export function watchSignals(reporter: Reporter): Interruption {
  const controller = new AbortController()
  let code: number | undefined
  let closing = false
  const onSignal = (signal: NodeJS.Signals): void => {
    const isFirst = code === undefined
    code = EXIT_CODES[signal as keyof typeof EXIT_CODES]
    controller.abort()
    if (closing) {
      // Who asks again does not even wait for the reports.
      if (!isFirst) process.exit(code)
    } else if (isFirst) {
      const message = `${signal}: finishing what runs, starting nothing new; once more ends at once`
      reporter.event({ type: 'warning', message })
    } else {
      closing = true
      // Hosts end what still runs for us as soon as their connection is gone.
      void reporter.close().finally(() => process.exit(code))
    }
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    signal: controller.signal,
    exitCode: () => code,
    runIsOver: () => {
      closing = true
    },
    stop: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
