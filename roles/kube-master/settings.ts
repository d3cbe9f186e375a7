import type { Secret } from '../../lib/index.ts'
import {
  clusterConfiguration,
  type Document,
  initConfiguration,
  kubeletConfiguration,
  kubeProxyConfiguration,
  type Registration,
  renderDocuments,
  secretDocuments,
} from '../kubeadm/documents.ts'
import { TOKEN_DESCRIPTION } from '../kubeadm/paths.ts'
import { newToken, TOKEN_TTL } from '../kubeadm/tokens.ts'
import type { Master } from '../kubeadm/vars.ts'
import { apiServerFiles } from './api-server-files.ts'
import type { KubeMasterVars } from './vars.ts'

/** The configuration that all masters share. */
export function clusterDocument(vars: KubeMasterVars, version: string): Document {
  const { masters, controlPlaneEndpoint, certSans } = vars
  // Every apiserver can be called by every master's name and address, whichever joined first.
  const sans = [
    controlPlaneEndpoint.replace(/:\d+$/, ''),
    ...masters.flatMap((m) => [m.name, m.address]),
    ...certSans,
  ]
  return clusterConfiguration({
    ...vars,
    version,
    certSans: [...new Set(sans)].sort(),
    apiServer: apiServerFiles(vars).options,
  })
}

/** What a master's static pods are made from: no secrets. */
export function masterDocuments(vars: KubeMasterVars, self: Master, version: string): Promise<string> {
  return renderDocuments([
    initConfiguration(registration(vars, self), vars.apiServerPort, undefined),
    clusterDocument(vars, version),
  ])
}

/** What a cluster is made from, with the key that its certificates are shared under. */
export function initDocuments(
  vars: KubeMasterVars,
  self: Master,
  version: string,
  certificateKey?: Secret,
): Secret {
  const token = { value: newToken().value.reveal(), ttl: TOKEN_TTL, description: TOKEN_DESCRIPTION }
  const secrets = { token, ...(certificateKey && { certificateKey: certificateKey.reveal() }) }
  return secretDocuments([
    initConfiguration(registration(vars, self), vars.apiServerPort, secrets),
    clusterDocument(vars, version),
    kubeletConfiguration(vars.kubeletConfiguration as Document),
    kubeProxyConfiguration(vars.kubeProxyConfiguration as Document, vars.podSubnet),
  ])
}

export function registration(
  { ignorePreflightErrors, taintMasters }: KubeMasterVars,
  { name, address }: Master,
): Registration {
  return { name, address, ignorePreflightErrors, ...(!taintMasters && { taints: [] }) }
}
