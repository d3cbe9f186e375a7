import { absent, directory, file, type Resource, service, unit } from '../../lib/index.ts'
import { BIN, KUBERNETES, STATE } from './paths.ts'
import type { Release } from './release.ts'

const KUBELET_UNIT = 'kubelet.service'
const DROP_IN = '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf'

/**
 * Programs, images and the kubelet's unit. Nothing starts a kubelet before kubeadm does: without its configuration
 * it would only fail.
 */
export function installation(
  release: Release,
  programs: readonly string[],
  images: readonly string[],
): Resource[] {
  return [
    directory(KUBERNETES),
    directory(STATE, { mode: 0o700 }),
    directory(`${KUBERNETES}/manifests`),
    ...release.resources(programs, images),
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
