import {
  absent,
  artifact,
  type Bundle,
  binaryOf,
  directory,
  file,
  image,
  imagesOf,
  QuorateError,
  type Resource,
  service,
  unit,
} from '../../lib/index.ts'
import { BIN, KUBERNETES, STATE } from './paths.ts'
import { versionProblem } from './version.ts'

const KUBELET_UNIT = 'kubelet.service'
const DROP_IN = '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf'

/**
 * The version that a node gets.
 *
 * @throws QuorateError where the bundle has another one than is wanted, one that is not supported, or is for another architecture.
 */
export function wantedVersion(bundle: Bundle, version: string | undefined, architecture: string): string {
  if (version !== undefined && version !== bundle.kubernetes) {
    throw new QuorateError(
      `the bundle ${bundle.directory} holds Kubernetes ${bundle.kubernetes}, not ${version}`,
      {
        hint: `npm run bundle -- --kubernetes ${version} --out DIR makes one`,
      },
    )
  }
  const problem = versionProblem(bundle.kubernetes)
  if (problem !== undefined) throw new QuorateError(`the bundle ${bundle.directory}: ${problem}`)
  const own = ARCHITECTURES[architecture]
  if (own !== bundle.architecture) {
    throw new QuorateError(
      `the bundle ${bundle.directory} is for ${bundle.architecture}, this host is ${architecture}`,
    )
  }
  return bundle.kubernetes
}

/**
 * Programs, images and the kubelet's unit. Nothing starts a kubelet before kubeadm does: without its configuration
 * it would only fail.
 */
export function installation(
  bundle: Bundle,
  programs: readonly string[],
  images: readonly string[],
): Resource[] {
  return [
    directory(KUBERNETES),
    directory(STATE, { mode: 0o700 }),
    directory(`${KUBERNETES}/manifests`),
    ...programs.map((name) => program(bundle, name)),
    ...importedImages(bundle, images),
    unit(KUBELET_UNIT, UNIT),
    directory('/etc/systemd/system/kubelet.service.d'),
    file(DROP_IN, { content: DROP_IN_TEXT }),
    service(KUBELET_UNIT, { enabled: true }),
  ]
}

/** The kubelet of a node that kubeadm is done with. */
export function runningKubelet(): Resource {
  return service(KUBELET_UNIT, {
    enabled: true,
    state: 'running',
    restartOn: [`/etc/systemd/system/${KUBELET_UNIT}`, DROP_IN],
  })
}

/** What only an interrupted run leaves. */
export function noLeftovers(): Resource[] {
  return [absent('/run/quorate-kubeadm.yaml')]
}

function program(bundle: Bundle, name: string): Resource {
  const { path, sha256 } = binaryOf(bundle, name)
  return artifact({ name, path, sha256, to: `${BIN}/${name}` })
}

function importedImages(bundle: Bundle, names: readonly string[]): Resource[] {
  const images = imagesOf(bundle)
  return names.map((name) => {
    const found = images.find((image) => image.name === name)
    if (found === undefined) {
      throw new QuorateError(`the bundle ${bundle.directory} has no image ${name}`, {
        hint: 'npm run bundle makes a complete one',
      })
    }
    return image(found.reference, { source: found.path, sha256: found.sha256 })
  })
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' }

/** The units of Kubernetes' own packages. */
const UNIT = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target containerd.service
StartLimitIntervalSec=0

[Service]
ExecStart=${BIN}/kubelet
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
`

const DROP_IN_TEXT = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=${KUBERNETES}/bootstrap-kubelet.conf --kubeconfig=${KUBERNETES}/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=${BIN}/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`
