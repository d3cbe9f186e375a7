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
  // kubeadm adds each master's own name and address to its certificate. Those of the others stay out: one more master
  // would have all apiservers restarted.
  const sans = [vars.controlPlaneEndpoint.replace(/:\d+$/, ''), ...vars.certSans]
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

/** What only the making of a cluster needs. */
interface Making {
  /** The key that its certificates are shared under. */
  readonly certificateKey?: Secret
  /** Fields of all nodes' KubeletConfiguration. */
  readonly kubeletConfiguration?: Document
}

/** What a cluster is made from. */
export function initDocuments(
  vars: KubeMasterVars,
  self: Master,
  version: string,
  { certificateKey, kubeletConfiguration: kubelet = {} }: Making = {},
): Secret {
  const token = { value: newToken().value.reveal(), ttl: TOKEN_TTL, description: TOKEN_DESCRIPTION }
  const secrets = { token, ...(certificateKey && { certificateKey: certificateKey.reveal() }) }
  return secretDocuments([
    initConfiguration(registration(vars, self), vars.apiServerPort, secrets),
    clusterDocument(vars, version),
    kubeletConfiguration(kubelet),
    kubeProxyConfiguration(vars.kubeProxyConfiguration as Document, vars.podSubnet),
  ])
}

export function registration(
  { ignorePreflightErrors, taintMasters }: KubeMasterVars,
  { name, address }: Master,
): Registration {
  return { name, address, ignorePreflightErrors, ...(!taintMasters && { taints: [] }) }
}
