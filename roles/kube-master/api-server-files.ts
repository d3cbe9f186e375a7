import { directory, file, type Resource, Secret } from '../../lib/index.ts'
import type { ComponentOptions, Document } from '../kubeadm/documents.ts'
import { STATE } from '../kubeadm/paths.ts'
import { digestOf } from './digest.ts'
import type { KubeMasterVars } from './vars.ts'

const AUDIT_LOGS = '/var/log/kubernetes/audit'
/** Holds the key. */
export const ENCRYPTION = `${STATE}/encryption.yaml`

/** What an apiserver reads beside its flags: files of the host, and how it gets to see them. */
export interface ApiServerFiles {
  readonly resources: readonly Resource[]
  readonly options: Required<ComponentOptions>
}

/** Audit log and encryption at rest, where they are wanted. */
export function apiServerFiles(vars: KubeMasterVars): ApiServerFiles {
  const parts = [auditLog(vars), encryption(vars)].filter((part) => part !== undefined)
  return {
    resources: parts.flatMap(({ resources }) => resources),
    options: {
      extraArgs: Object.assign(
        {},
        ...parts.map(({ options }) => options.extraArgs),
        vars.apiServer.extraArgs,
      ),
      extraVolumes: parts.flatMap(({ options }) => options.extraVolumes),
    },
  }
}

function auditLog({ auditLog }: KubeMasterVars): ApiServerFiles | undefined {
  if (auditLog === undefined) return undefined
  // An apiserver reads its policy once: another policy is another file, and so another flag.
  const policy = `${STATE}/audit-policy-${digestOf(auditLog.policy).slice(0, 8)}.yaml`
  return {
    resources: [
      directory(AUDIT_LOGS, { mode: 0o700 }),
      file(policy, { content: auditLog.policy, mode: 0o600 }),
    ],
    options: {
      extraArgs: {
        'audit-policy-file': policy,
        'audit-log-path': `${AUDIT_LOGS}/audit.log`,
        'audit-log-maxage': auditLog.maxAge,
        'audit-log-maxbackup': auditLog.maxBackup,
        'audit-log-maxsize': auditLog.maxSize,
      },
      extraVolumes: [volume('audit-policy', policy, true), volume('audit-log', AUDIT_LOGS, false)],
    },
  }
}

function encryption({ encryptionKey }: KubeMasterVars): ApiServerFiles | undefined {
  if (encryptionKey === undefined) return undefined
  return {
    resources: [file(ENCRYPTION, { content: encryptionConfiguration(encryptionKey), mode: 0o600 })],
    options: {
      extraArgs: { 'encryption-provider-config': ENCRYPTION },
      extraVolumes: [volume('encryption', ENCRYPTION, true)],
    },
  }
}

/** What was written before is still read, and encrypted with its next change. */
export function encryptionConfiguration(key: Secret | string): Secret {
  const secret = key instanceof Secret ? key.reveal() : key
  return new Secret(
    `${JSON.stringify({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'EncryptionConfiguration',
      resources: [
        {
          resources: ['secrets'],
          providers: [{ secretbox: { keys: [{ name: 'key1', secret }] } }, { identity: {} }],
        },
      ],
    })}\n`,
  )
}

function volume(name: string, path: string, isFile: boolean): Document {
  const pathType = isFile ? 'File' : 'DirectoryOrCreate'
  return { name, hostPath: path, mountPath: path, readOnly: isFile, pathType }
}
