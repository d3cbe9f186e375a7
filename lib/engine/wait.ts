import type { RunEvent, WaitReport } from './events.ts'

/**
 * Tells that a host waits for others; where there are none, nothing. Returns what tells that it no longer does, which
 * does nothing when called again.
 */
export function tellWait(emit: (event: RunEvent) => void, wait: WaitReport): () => void {
  if (wait.on.length === 0) return () => {}
  const started = performance.now()
  emit({ type: 'wait', ...wait })
  let over = false
  return () => {
    if (over) return
    over = true
    emit({ type: 'waited', ...wait, seconds: (performance.now() - started) / 1000 })
  }
}
