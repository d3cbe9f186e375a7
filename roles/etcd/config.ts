import { isIPv6 } from 'node:net'
import { METRICS_PORT } from './settings.ts'
import type { EtcdVars, Member } from './vars.ts'

/** Everything a member is started with, but for what only matters on its very first start. */
export const ENVIRONMENT_FILE = '/etc/etcd/etcd.env'
/** What etcd reads while its data directory is empty, and never again: a change needs no restart. */
export const BOOTSTRAP_FILE = '/etc/etcd/bootstrap.env'
export const UNIT_FILE = '/etc/systemd/system/etcd.service'
export const UNIT = 'etcd.service'
export const USER = 'etcd'

export const CERTIFICATE_DIR = '/etc/etcd/pki'
export const CA_FILE = `${CERTIFICATE_DIR}/ca.crt`
export const MEMBER_CERT = `${CERTIFICATE_DIR}/member.crt`
export const MEMBER_KEY = `${CERTIFICATE_DIR}/member.key`
/** The pair that our own questions to the cluster are asked with. */
export const CLIENT_CERT = `${CERTIFICATE_DIR}/healthcheck-client.crt`
export const CLIENT_KEY = `${CERTIFICATE_DIR}/healthcheck-client.key`

const HEADER = '# Written by Quorate (role etcd); changes made here are undone by the next run.\n'
const BOOTSTRAP_HEADER = `${HEADER}# Only read while the data directory is empty.\n`

type Settings = Readonly<Record<string, string | number | boolean>>

/** `https://10.0.0.1:2380` */
export function peerUrl(
  { address }: Pick<Member, 'address'>,
  { peerPort }: Pick<EtcdVars, 'peerPort'>,
): string {
  return url(address, peerPort)
}

/** `https://10.0.0.1:2379` */
export function clientUrl(
  { address }: Pick<Member, 'address'>,
  { clientPort }: Pick<EtcdVars, 'clientPort'>,
): string {
  return url(address, clientPort)
}

/**
 * Environment of a member, valid for etcd 3.4 to 3.6. An environment rather than a configuration file, because etcd
 * ignores all flags and variables beside such a file: what is only for the first start could not be kept apart.
 */
export function etcdEnvironment(vars: EtcdVars, self: Member): string {
  return HEADER + toEnvironment({ ...memberSettings(vars, self), ...vars.settings })
}

/** What a member is made with: `state` is `new` for the members of a new cluster, `existing` ever after. */
export function bootstrapEnvironment(
  { clusterToken }: Pick<EtcdVars, 'clusterToken'>,
  state: 'new' | 'existing',
  members: readonly { readonly name: string; readonly peerUrl: string }[],
): string {
  return (
    BOOTSTRAP_HEADER +
    toEnvironment({
      'initial-cluster-state': state,
      'initial-cluster-token': clusterToken,
      'initial-cluster': members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(','),
    })
  )
}

/** The systemd unit. etcd says itself when it has joined its cluster, so that "started" means "serving". */
export function etcdUnit(binary: string): string {
  return `${HEADER}[Unit]
Description=etcd, the cluster's key-value store
Documentation=https://etcd.io/docs
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
User=${USER}
EnvironmentFile=${ENVIRONMENT_FILE}
EnvironmentFile=${BOOTSTRAP_FILE}
ExecStart=${binary}
Restart=on-failure
RestartSec=5
LimitNOFILE=65536
NoNewPrivileges=true
ProtectSystem=full
PrivateTmp=true

[Install]
WantedBy=multi-user.target
`
}

function memberSettings(vars: EtcdVars, self: Member): Settings {
  const { source, snapshotCount } = vars
  return {
    name: self.name,
    'data-dir': vars.dataDir,
    'listen-client-urls': [...new Set([clientUrl(self, vars), url('127.0.0.1', vars.clientPort)])].join(','),
    'advertise-client-urls': clientUrl(self, vars),
    'listen-peer-urls': peerUrl(self, vars),
    'initial-advertise-peer-urls': peerUrl(self, vars),
    'listen-metrics-urls': `http://127.0.0.1:${METRICS_PORT}`,
    'trusted-ca-file': CA_FILE,
    'cert-file': MEMBER_CERT,
    'key-file': MEMBER_KEY,
    'client-cert-auth': true,
    'peer-trusted-ca-file': CA_FILE,
    'peer-cert-file': MEMBER_CERT,
    'peer-key-file': MEMBER_KEY,
    'peer-client-cert-auth': true,
    'heartbeat-interval': vars.heartbeatInterval,
    'election-timeout': vars.electionTimeout,
    'quota-backend-bytes': vars.quotaBackendBytes,
    ...(snapshotCount !== undefined && { 'snapshot-count': snapshotCount }),
    ...(source !== 'package' &&
      hasFeatureGates(source.version) && { 'feature-gates': 'InitialCorruptCheck=true' }),
  }
}

function hasFeatureGates(version: string): boolean {
  return Number(version.split('.')[1]) >= 6
}

function toEnvironment(settings: Settings): string {
  const line = ([name, value]: [string, string | number | boolean]): string =>
    `ETCD_${name.toUpperCase().replaceAll('-', '_')}=${quoted(String(value))}\n`
  return Object.entries(settings).map(line).join('')
}

function quoted(value: string): string {
  return /^[\w.,:/=[\]-]*$/.test(value) ? value : `"${value}"`
}

function url(address: string, port: number): string {
  return `https://${isIPv6(address) ? `[${address}]` : address}:${port}`
}
