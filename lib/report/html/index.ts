import { writeFile } from 'node:fs/promises'
import type { RunEvent } from '../../engine/events.ts'
import type { Sink } from '../sink.ts'
import { modelOf } from './model.ts'
import { page } from './page.ts'

/** `--report FILE.html`: the whole run as one page that needs nothing else, written when the run is over. */
export function createHtml(path: string): Sink {
  const events: [RunEvent, number][] = []
  return {
    event(event, at) {
      // Not on the page, and by far the most.
      if (event.type !== 'output' && event.type !== 'script') events.push([event, at])
    },
    // What it tells of hosts and their files is not for everybody.
    close: () => writeFile(path, page(modelOf(events)), { mode: 0o600 }),
  }
}
