import { QuorateError } from '../errors.ts'
import { openFile } from '../vault/keychain.ts'
import type { Draft } from './draft.ts'
import type { Value } from './types.ts'
import { hide } from './vault-value.ts'

/** Opens an inventory that is encrypted as a whole, and has it read: all texts in its variables are secrets. */
export async function readEncryptedSource(
  draft: Draft,
  { file, text }: { readonly file: string; readonly text: string },
  read: (plain: Buffer) => Promise<void>,
): Promise<void> {
  const plain = await open(draft, file, text)
  if (plain === undefined) return
  const [problems, warnings] = [draft.problems.length, draft.warnings.length]
  draft.hide = (value) => hide(value) as Value
  try {
    await read(Buffer.from(plain))
  } finally {
    draft.hide = undefined
  }
  withoutText(draft, file, 'problems', problems)
  withoutText(draft, file, 'warnings', warnings)
}

async function open(draft: Draft, file: string, text: string): Promise<string | undefined> {
  try {
    return await openFile(text)
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error
    const { message, hint } = error
    draft.problems.push({ message, place: { file, line: 1 }, ...(hint !== undefined && { hint }) })
    return undefined
  }
}

/** Problems quote what is written. Here only the place may be told: that of the decrypted line. */
function withoutText(draft: Draft, file: string, kind: 'problems' | 'warnings', start: number): void {
  const what = kind === 'problems' ? 'wrong' : 'doubtful'
  const covered = draft[kind].splice(start).map(({ place }) => ({
    message: `${place === undefined ? 'something' : `line ${place.line}`} of what is encrypted here is ${what}; it is not shown`,
    place: { file, line: 1 },
    hint: `Look at it: npm run secrets -- view ${file}`,
  }))
  draft[kind].push(...covered)
}
