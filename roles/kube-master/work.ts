import { QuorateError, type Resource, type RoleContext, service, until } from '../../lib/index.ts'
import { renderDocuments } from '../kubeadm/documents.ts'
import { MASTER_IMAGES } from '../kubeadm/images.ts'
import { installation } from '../kubeadm/install.ts'
import { isComplete, type NodeState, observeNode } from '../kubeadm/node-state.ts'
import { type Release, releaseOf } from '../kubeadm/release.ts'
import { apiUrl } from '../kubeadm/urls.ts'
import type { Master } from '../kubeadm/vars.ts'
import { executorOf, type Reports } from './decide.ts'
import { digestOf } from './digest.ts'
import { etcdClientFiles } from './etcd.ts'
import { clusterDocument, masterDocuments } from './settings.ts'
import type { KubeMasterVars } from './vars.ts'

export type Context = RoleContext<KubeMasterVars>

/** What the steps on one host share. */
export interface Work {
  readonly context: Context
  readonly self: Master
  readonly api: string
  readonly release: Release
  readonly version: string
  /** The configuration of this host's static pods. */
  readonly config: string
  /** Digest of the configuration that all masters share. */
  readonly digest: string
  readonly etcdFiles: () => Resource[]
}

const PROGRAMS = ['kubeadm', 'kubelet', 'kubectl', 'crictl', 'etcdctl']

/** Reads what all steps depend on. @throws QuorateError where the host is no master, or the bundle does not fit. */
export async function prepare(context: Context): Promise<Work> {
  const { vars, host, once, check } = context
  const self = vars.masters.find(({ name }) => name === host.name)
  if (self === undefined) throw new QuorateError(`${host.name} is not among the masters of the cluster`)
  const release = await releaseOf(context)
  const { version } = release
  return {
    context,
    self,
    release,
    version,
    api: apiUrl(self, vars.apiServerPort),
    config: await masterDocuments(vars, self, version),
    digest: digestOf(await renderDocuments([clusterDocument(vars, version)])),
    etcdFiles: await once('etcd client certificate', () => etcdClientFiles(vars, check)),
  }
}

/** What all masters found, once those that were only just started had time to get ready. */
export async function settledReports(work: Work): Promise<Reports> {
  const { everyone, check } = work.context
  const own = await settledState(work, check ? 0 : 30)
  const reports = await everyone('state', own)
  // A cluster that is started as a whole takes longer than a master of one that runs.
  const isDown = executorOf(reports) === undefined && [...reports.values()].some(isComplete)
  if (!isDown || check) return reports
  return everyone('state after waiting', await settledState(work, 150))
}

async function settledState({ context, api }: Work, seconds: number): Promise<NodeState> {
  const { query, apply } = context
  let last = await observeNode(query, api)
  if (!isComplete(last) || last.ready) return last
  if (!last.kubelet) await apply(service('kubelet', { state: 'running' }))
  const ready = async () => {
    last = await observeNode(query, api)
    if (!last.ready) throw new Error('not yet')
    return last
  }
  return until(ready, { seconds, every: 2 }).catch(() => last)
}

/** Programs and images of a master. */
export function install({ release, context }: Work): Resource[] {
  const images = context.vars.etcd === 'stacked' ? [...MASTER_IMAGES, 'etcd'] : MASTER_IMAGES
  return installation(release, PROGRAMS, images)
}
