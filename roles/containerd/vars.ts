import { Secret, secret, z } from '../../lib/index.ts'

const pinned = {
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
    .describe('digest of the file'),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'expected a version such as 2.1.4')
    .describe('its version'),
}

/** A file of a release, as the control machine reaches it. */
const release = z.union(
  [
    z.strictObject({ ...pinned, url: z.url().describe('where it is fetched from, once for all hosts') }),
    z.strictObject({ ...pinned, path: z.string().min(1).describe('the file on the control machine') }),
  ],
  { error: 'expected { url or path, sha256, version }' },
)

const releases = z.strictObject({
  containerd: release.describe('containerd-VERSION-linux-ARCH.tar.gz, 1.6 or later'),
  runc: release.describe('runc.ARCH'),
  cniPlugins: release.describe('cni-plugins-linux-ARCH-vVERSION.tgz'),
})

const path = z.string().regex(/^(\/[A-Za-z0-9._-]+)+$/, 'expected an absolute path such as /opt/cni/bin')

/** As in image names; `_default` stands for all that are not named. */
const registry = z
  .string()
  .regex(
    /^(_default|[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?)$/,
    'expected a registry such as docker.io or registry.lan:5000',
  )

const endpoint = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'expected a URL such as https://mirror.lan:5000' })
    .describe('where it is'),
  ca: z
    .string()
    .includes('-----BEGIN CERTIFICATE-----', { message: 'expected a certificate in PEM form' })
    .optional()
    .describe('the CA that its certificate is checked against, in PEM form'),
  skipVerify: z.boolean().default(false).describe('do not check its certificate'),
  overridePath: z
    .boolean()
    .default(false)
    .describe('the URL ends where the API begins, no /v2 is to be appended (Harbor proxy projects)'),
})

const mirror = z.union([
  endpoint,
  z
    .string()
    .transform((url): z.input<typeof endpoint> => ({ url }))
    .pipe(endpoint),
])

const credential = z.strictObject({
  username: z.string().min(1).describe('who pulls'),
  password: secret().describe('its password or token'),
})

/** What the containerd role can be told. */
export const containerdVars = z.object({
  source: z
    .union([z.literal('package'), releases], {
      error: "expected 'package', or releases: { containerd, runc, cniPlugins }",
    })
    .default('package')
    .describe("'package' for the packages of the host's distribution, or pinned releases"),
  sandboxImage: z
    .string()
    .regex(/^[^\s"'\\]+$/, 'expected the name of an image')
    .default('registry.k8s.io/pause:3.10.2')
    .describe(
      'the image of the container that holds a pod together; what `kubeadm config images list` names',
    ),
  cgroupDriver: z
    .enum(['systemd', 'cgroupfs'])
    .optional()
    .describe(
      'who makes the cgroups of containers, the same as for the kubelet; default: systemd where it manages the cgroups of the host',
    ),
  cniBinDir: path
    .default('/opt/cni/bin')
    .describe('where CNI plugins are found, those of the distribution by symlinks'),
  cniConfDir: path.default('/etc/cni/net.d').describe('where the network of pods is configured'),
  mirrors: z
    .record(registry, z.array(mirror).min(1, 'give at least one URL').readonly())
    .default({})
    .describe(
      "where the images of a registry are pulled from first: { 'docker.io': ['https://mirror.lan:5000'] }",
    ),
  credentials: z
    .record(registry, credential)
    .default({})
    .describe("who pulls from a registry: { 'registry.lan:5000': { username, password } }"),
  restrictOomScoreAdj: z
    .boolean()
    .optional()
    .describe(
      'do not make containers less likely to be killed than containerd is; default: where the host may not (no CAP_SYS_RESOURCE)',
    ),
  disableApparmor: z
    .boolean()
    .optional()
    .describe('start containers without an AppArmor profile; default: in a container, which cannot load any'),
  crictl: z
    .boolean()
    .default(true)
    .describe('write /etc/crictl.yaml, so that crictl, where it is installed, talks to containerd'),
  extraConfig: z
    .string()
    .default('')
    .describe(
      'TOML that is appended to config.toml, such as another runtime; the tables above it must not come again',
    ),
})

export type ContainerdVars = z.output<typeof containerdVars>
export type Mirror = z.output<typeof mirror>

/** Credentials as they stand in a file that only root reads. */
export function revealPassword({ password }: ContainerdVars['credentials'][string]): string {
  return password instanceof Secret ? password.reveal() : password
}
