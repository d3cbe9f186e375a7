import type { Place } from '../errors.ts'

/** A line that holds something: `text` is stripped, `indent` characters were before it. */
export interface Line {
  readonly text: string
  readonly indent: number
  readonly place: Place
}

/** Where in the file an offset of the stripped line is. */
export function placeAt(line: Line, offset: number): Place {
  const { file, line: number } = line.place
  // Written out: a large inventory has a place for each of its many values.
  return { file, line: number, column: line.indent + offset + 1 }
}
