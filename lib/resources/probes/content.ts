import type { Need, Probe } from '../../engine/resource.ts'
import { sh } from '../../quote.ts'

/** What is going to be in a file that holds a secret: nothing prints it. */
export class HiddenBytes {
  readonly reveal: () => Buffer

  constructor(reveal: () => Buffer) {
    this.reveal = reveal
  }
}

/** What is in a file, observed or foreseen. */
export type Content = Buffer | HiddenBytes | undefined

/** The bytes of a file (symlinks are followed); undefined where there is no file or it cannot be read. */
export const contentProbe: Probe<Content> = {
  name: 'content',
  script: (paths) => `for p in ${sh`${[...paths]}`}; do
  if [ -f "$p" ] && [ -r "$p" ]; then echo @; base64 <"$p"; else echo '!'; fi
done`,
  parse(stdout, paths) {
    const answers: (string[] | undefined)[] = []
    for (const line of stdout.toString('latin1').split('\n')) {
      if (line === '@') answers.push([])
      else if (line === '!') answers.push(undefined)
      else answers.at(-1)?.push(line)
    }
    return paths.map((_, i) => {
      const encoded = answers[i]
      return encoded === undefined ? undefined : Buffer.from(encoded.join(''), 'base64')
    })
  },
}

/** The need of one file's content. */
export function contentNeed(path: string): Need<Content> {
  return { probe: contentProbe, arg: path }
}

/** The bytes, whether they may be shown or not. */
export function bytesOf(content: Content): Buffer | undefined {
  return content instanceof HiddenBytes ? content.reveal() : content
}
