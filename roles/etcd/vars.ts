import { ipAddress, port, z } from '../../lib/index.ts'
import { METRICS_PORT, settingProblem } from './settings.ts'
import { oldProblem } from './upgrade.ts'

const LINUX_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/

const member = z.object({
  name: z
    .string()
    .regex(LINUX_NAME, 'expected a host name: letters, digits, dots and hyphens')
    .max(63)
    .describe("the host's name, which is the member's name too"),
  address: ipAddress().describe('IP address where the other members and the clients reach it'),
})

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')

const program = z.object({ path: z.string().min(1).describe('on the control machine'), sha256 })

const pinned = {
  sha256: sha256.describe('digest of the archive'),
  version: z
    .string()
    .regex(/^3\.\d+\.\d+$/, 'expected a version such as 3.5.24')
    .describe('version of etcd in the archive'),
}

/** A release of etcd: its archive (etcd-vX.Y.Z-linux-ARCH.tar.gz) as the control machine reaches it, or its programs. */
const release = z.union([
  z.strictObject({
    ...pinned,
    url: z.url().describe('where the archive is fetched from, once for all hosts'),
  }),
  z.strictObject({ ...pinned, path: z.string().min(1).describe('the archive on the control machine') }),
  z.strictObject({
    version: pinned.version,
    programs: z
      .strictObject({ etcd: program, etcdctl: program })
      .describe('the programs themselves, of a bundle'),
  }),
])

const setting = z.union([
  z.string().regex(/^[^\n"\\]*$/, 'expected one line without " and \\'),
  z.number(),
  z.boolean(),
])

/** What the etcd role can be told. */
export const etcdVars = z
  .strictObject({
    members: z
      .array(member)
      .min(1, 'etcd needs at least one member: is the group empty?')
      .describe('all members of the cluster, whichever of them a run is limited to: group("etcd")'),
    pkiDir: z
      .string()
      .min(1)
      .describe(
        'directory of the control machine that keeps the CA, certificates and keys; made with mode 0700',
      ),
    source: z
      .union([z.literal('package'), release], {
        error:
          "expected 'package', a release archive { url or path, sha256, version }, or { programs, version }",
      })
      .default('package')
      .describe("'package' for the packages of the host's distribution, or a pinned release"),
    minimumVersion: z
      .string()
      .regex(/^3\.\d+\.\d+$/, 'expected a version such as 3.5.24')
      .optional()
      .describe('the oldest etcd that those who use the cluster accept, such as kubeadm; default: any'),
    dataDir: z
      .string()
      .regex(
        /^(\/[A-Za-z0-9._-]+){2,}$/,
        'expected an absolute path of at least two parts, such as /var/lib/etcd',
      )
      .refine((path) => !/\/\.\.?(\/|$)/.test(path), 'expected a path without . and ..')
      .default('/var/lib/etcd')
      .describe('where members keep their data, mode 0700'),
    clientPort: port().default(2379).describe('port for clients'),
    peerPort: port().default(2380).describe('port for the other members'),
    clusterToken: z
      .string()
      .regex(/^[A-Za-z0-9._-]+$/, 'expected letters, digits, dots, hyphens and underscores')
      .default('etcd-cluster')
      .describe('tells clusters apart when they are made; has no effect afterwards'),
    heartbeatInterval: z.int().min(10).default(100).describe('milliseconds between heartbeats of the leader'),
    electionTimeout: z
      .int()
      .max(50_000)
      .default(1000)
      .describe(
        'milliseconds without a heartbeat until members elect another leader; more buys patience with slow networks and a slower failover',
      ),
    quotaBackendBytes: z
      .int()
      .min(16 * 1024 * 1024)
      .default(2 * 1024 ** 3)
      .describe('size of the database at which etcd refuses writes'),
    snapshotCount: z
      .int()
      .min(1)
      .optional()
      .describe("committed changes between snapshots to disk; left out: etcd's own default"),
    settings: z
      .record(
        z
          .string()
          .regex(
            /^[a-z][a-z0-9-]*$/,
            "expected a flag of etcd without its dashes, such as 'max-request-bytes'",
          ),
        setting,
      )
      .default({})
      .describe("other flags of etcd by name, without the leading dashes: { 'max-request-bytes': 3145728 }"),
  })
  .superRefine((vars, context) => {
    const refuse = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    for (const key of ['name', 'address'] as const) {
      for (const [index, { [key]: value, name }] of vars.members.entries()) {
        const first = vars.members.findIndex((other) => other[key] === value)
        if (first === index) continue
        const other = (vars.members[first] as { name: string }).name
        const message =
          key === 'name'
            ? `two members are called ${name}`
            : `${name} and ${other} have the same address ${value}`
        refuse(['members', index, key], message)
      }
    }
    const old = vars.source === 'package' ? undefined : oldProblem(vars.source.version, vars.minimumVersion)
    if (old !== undefined) refuse(['source'], old)
    if (vars.clientPort === vars.peerPort)
      refuse(['peerPort'], `clients and peers need ports of their own, both are ${vars.peerPort}`)
    for (const key of ['clientPort', 'peerPort'] as const) {
      if (vars[key] === METRICS_PORT) refuse([key], `${METRICS_PORT} is where etcd tells its metrics`)
    }
    if (vars.electionTimeout < 5 * vars.heartbeatInterval) {
      refuse(
        ['electionTimeout'],
        `etcd demands at least 5 times heartbeatInterval, ${5 * vars.heartbeatInterval}`,
      )
    }
    for (const name of Object.keys(vars.settings)) {
      const problem = settingProblem(name)
      if (problem !== undefined) refuse(['settings', name], problem)
    }
  })

export type EtcdVars = z.output<typeof etcdVars>
export type Member = EtcdVars['members'][number]
