const TICKS = 10

/**
 * Calls `then` after so many seconds in which this process could run. However long it was held up (a busy machine, a
 * laptop's lid), that counts as a tenth at most, and what has arrived meanwhile is read first: it may be the answer.
 *
 * @returns Calls it off.
 */
export function afterRunning(seconds: number, then: () => void): () => void {
  let left = TICKS
  let isOff = false
  const stop = () => {
    isOff = true
    clearInterval(timer)
  }
  const timer = setInterval(
    () => {
      if (--left > 0) return
      clearInterval(timer)
      // What has arrived is read between timers and immediates.
      setImmediate(() => {
        if (!isOff) then()
      })
    },
    (seconds * 1000) / TICKS,
  )
  return stop
}
