import { ipAddress, port, z } from '../../lib/index.ts'
import { packageRepository } from './packages.ts'
import type { ReleaseVars } from './release.ts'
import { versionProblem } from './version.ts'

/** What Kubernetes takes for the name of a node. */
export const NODE_NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/

const nodeName = z
  .string()
  .regex(
    NODE_NAME,
    'expected a name that Kubernetes takes for a node: lower-case letters, digits, dots and hyphens',
  )

const master = z.object({
  name: nodeName.describe("the host's name, which is the node's name too"),
  address: ipAddress().describe('where the others reach it, its InternalIP'),
})

/** What masters and workers are told alike. */
export const commonVars = {
  masters: z
    .array(master)
    .min(1, 'a cluster needs at least one master: is the group empty?')
    .readonly()
    .describe('all hosts of the control plane, whichever of them a run is limited to: group("kube-master")'),
  bundle: z
    .string()
    .min(1)
    .optional()
    .describe(
      'the bundle on the control machine: a directory or tar that `npm run bundle` has made; without it packages of `version` are installed, and nodes pull images',
    ),
  version: z
    .string()
    .superRefine((version, context) => {
      const message = versionProblem(version)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .optional()
    .describe("Kubernetes' version, such as v1.36.2; default: the bundle's"),
  packageRepository: packageRepository
    .optional()
    .describe("without a bundle: where packages come from; default: what the hosts' package manager knows"),
  apiServerPort: port().default(6443).describe('where each apiserver listens'),
  ignorePreflightErrors: z
    .array(z.string().regex(/^[A-Za-z0-9_-]+$/, "expected the name of a check, such as 'SystemVerification'"))
    .readonly()
    .default([])
    .describe("kubeadm's preflight checks that may fail, such as SystemVerification"),
}

/** Told of what nodes are made from, as a check of the schemas that hold {@link commonVars}. */
export function requireRelease(
  { bundle, version, packageRepository: repository }: ReleaseVars,
  context: z.RefinementCtx,
): void {
  const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
  if (bundle === undefined && version === undefined)
    issue('bundle', 'give a bundle, or a version to install packages of')
  if (bundle !== undefined && repository !== undefined)
    issue('packageRepository', 'is for a cluster without a bundle')
}

/** `10.0.0.100:8443` or `api.example.org:8443` */
export function endpoint() {
  return z
    .string()
    .regex(
      /^(\[[0-9a-f:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?):\d{1,5}$/,
      'expected address and port of the virtual IP or load balancer, such as 10.0.0.100:8443',
    )
    .describe('where all clients reach the API: address and port of the virtual IP or load balancer')
}

export type Master = z.output<typeof master>
