import type { Secret } from '../secret.ts'
import { useKeychain } from './keychain.ts'
import { readVaultPasswords, type VaultSources } from './passwords.ts'

/** Reads the keys that the command line names: from now on what is encrypted can be opened. @throws UsageError */
export async function unlockVaults(
  sources: VaultSources,
  ask: (question: string, what: string) => Promise<Secret>,
): Promise<void> {
  useKeychain({ passwords: await readVaultPasswords(sources, ask), ageIdentities: sources.ageIdentities })
}
