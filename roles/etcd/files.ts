import { createHash } from 'node:crypto'
import { file, type Resource, Secret, unit } from '../../lib/index.ts'
import type { Certificates } from './certificates.ts'
import {
  BOOTSTRAP_FILE,
  bootstrapEnvironment,
  CA_FILE,
  CLIENT_CERT,
  CLIENT_KEY,
  ENVIRONMENT_FILE,
  etcdEnvironment,
  etcdUnit,
  MEMBER_CERT,
  MEMBER_KEY,
  UNIT,
  UNIT_FILE,
  USER,
} from './config.ts'
import { binariesOf } from './install.ts'
import type { EtcdVars, Member } from './vars.ts'

interface Wanted {
  readonly path: string
  readonly content: string | Secret
  /** True where the run will make its own. */
  readonly provisional?: boolean
}

/** What a member runs with: a change of any of them needs a restart. */
export function memberFiles(vars: EtcdVars, self: Member, { ca, members }: Certificates): readonly Wanted[] {
  const own = members.get(self.name)
  if (own === undefined) throw new Error(`no certificate for ${self.name}`)
  const { cert, key, provisional } = own
  return [
    { path: CA_FILE, content: ca.certificate, provisional: ca.provisional },
    { path: MEMBER_CERT, content: cert, provisional },
    { path: MEMBER_KEY, content: key, provisional },
    { path: ENVIRONMENT_FILE, content: etcdEnvironment(vars, self) },
    { path: UNIT_FILE, content: etcdUnit(binariesOf(vars).etcd) },
  ]
}

/** Whether any of the files on the host (their digests, by path) is not as wanted. */
export function isPending(wanted: readonly Wanted[], digests: ReadonlyMap<string, string>): boolean {
  return wanted.some(({ path, content }) => digests.get(path) !== sha256(content))
}

export function toResource({ path, content, provisional = false }: Wanted): Resource {
  if (path === UNIT_FILE) return unit(UNIT, content as string)
  if (path === ENVIRONMENT_FILE) return file(path, { content: content as string, group: USER, mode: 0o640 })
  const mode = content instanceof Secret ? 0o600 : 0o644
  return file(path, { content, owner: USER, group: USER, mode, provisional })
}

/** The pair that root on the host asks the cluster with: renewing it disturbs nobody. */
export function clientFiles({ client }: Certificates): Resource[] {
  const { cert, key, provisional } = client
  return [
    file(CLIENT_CERT, { content: cert, mode: 0o644, provisional }),
    file(CLIENT_KEY, { content: key, mode: 0o600, provisional }),
  ]
}

export function bootstrapFile(
  vars: EtcdVars,
  state: 'new' | 'existing',
  members: readonly { readonly name: string; readonly peerUrl: string }[],
): Resource {
  return file(BOOTSTRAP_FILE, {
    content: bootstrapEnvironment(vars, state, members),
    group: USER,
    mode: 0o640,
  })
}

function sha256(content: string | Secret): string {
  return createHash('sha256')
    .update(content instanceof Secret ? content.reveal() : content)
    .digest('hex')
}
