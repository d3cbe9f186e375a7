import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { QuorateError } from '../errors.ts'

/** Where labs are recorded, a folder each. Outside of any checkout: a lab belongs to the machine. */
export const LABS = '/var/lib/quorate/lab'

/** What is on disk about a lab. Written before anything of it is created, so that `down` can always clean up. */
export interface LabRecord {
  readonly name: string
  /** False until every host has answered: such a lab, found without a process working on it, is a crashed one. */
  readonly ready: boolean
  readonly bridge: string
  /** For example `10.213.7.0/24`. */
  readonly network: string
  readonly gateway: string
  /** The root that hosts are laid over. */
  readonly base: string
  readonly hosts: readonly { readonly name: string; readonly address: string }[]
}

/** The files of a lab. */
export function labPaths(name: string) {
  const folder = join(LABS, name)
  return {
    folder,
    record: join(folder, 'lab.json'),
    key: join(folder, 'id_ed25519'),
    knownHosts: join(folder, 'known_hosts'),
    inventory: join(folder, 'hosts.ini'),
  }
}

/** The files of one host of a lab. */
export function hostPaths(lab: string, host: string) {
  const folder = join(LABS, lab, 'hosts', host)
  return {
    folder,
    root: join(folder, 'root'),
    upper: join(folder, 'upper'),
    work: join(folder, 'work'),
    /** Becomes /var/lib/containerd: an overlay cannot be laid over an overlay, which the root is. */
    containerd: join(folder, 'containerd'),
    console: join(folder, 'console.log'),
  }
}

/** Names of the labs that are recorded, up or not. */
export function listLabs(): string[] {
  if (!existsSync(LABS)) return []
  const entries = readdirSync(LABS, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/** The record of a lab; undefined when there is none, or an unreadable one: this machine's own power was cut then. */
export function readLab(name: string): LabRecord | undefined {
  try {
    return JSON.parse(readFileSync(labPaths(name).record, 'utf8'))
  } catch {
    return undefined
  }
}

/** The record of a lab that is up. @throws QuorateError when there is none. */
export function requireLab(name: string): LabRecord {
  const lab = readLab(name)
  if (lab?.ready) return lab
  throw new QuorateError(`there is no lab named ${name}`, {
    hint: `Start it: npm run lab -- up --name ${name}`,
  })
}

/** Writes the record of a lab whole: it is never read half-written. */
export function writeLab(lab: LabRecord): void {
  const { folder, record } = labPaths(lab.name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(`${record}.new`, JSON.stringify(lab, null, 2))
  renameSync(`${record}.new`, record)
}

/** Forgets a lab; the folder that holds all labs goes with the last. */
export function removeLab(name: string): void {
  rmSync(labPaths(name).folder, { recursive: true, force: true })
}
