import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Query, Secret } from '../../lib/index.ts'
import { ADMIN_CONF } from '../kubeadm/paths.ts'

/** Keeps a master's administrator kubeconfig, which names the virtual IP, in a file of the control machine, mode 0600. */
export async function saveKubeconfig(query: Query, path: string): Promise<void> {
  const wanted = new Secret(`${(await query`cat ${ADMIN_CONF}`).stdout}\n`).reveal()
  const mode = (await stat(path).catch(() => undefined))?.mode
  const found = await readFile(path, 'utf8').catch(() => undefined)
  if (found === wanted && mode !== undefined && (mode & 0o777) === 0o600) return
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(4).toString('hex')}`
  try {
    await writeFile(temporary, wanted, { mode: 0o600, flag: 'wx' })
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}
