import { file, type Resource, Script, sh, step } from '../../lib/index.ts'
import { CONFIGURATION_ANNOTATION } from '../kubeadm/cluster-state.ts'
import { kubectl } from '../kubeadm/node-state.ts'
import { ADMIN_CONF, BIN, KUBELET_CONF, KUBERNETES, LOCK, PKI, STATE, UNFINISHED } from '../kubeadm/paths.ts'
import { FORGET_NETWORK, kubeadmScript } from '../kubeadm/run-kubeadm.ts'
import { digestOf } from './digest.ts'

/** The configuration that this master's static pods are made from. */
export const CONFIG = `${STATE}/kubeadm.yaml`
/** Digests of that configuration and of the manifests that came out of it. */
const APPLIED = `${STATE}/applied`
export const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']

/** Shell: kubeadm is done with this host. */
export const COMPLETE =
  sh`[ ! -e ${UNFINISHED} ] && [ -s ${ADMIN_CONF} ] && [ -s ${KUBELET_CONF} ] && [ -s ${manifest('kube-apiserver')} ]`
    .text
/** Shell: remembers what the manifests were made from. */
export const RECORD = sh`sha256sum -- ${CONFIG} ${COMPONENTS.map(manifest)} >${APPLIED}`.text

export function configFile(content: string): Resource {
  return file(CONFIG, { content, mode: 0o600 })
}

/** The static pods are made from this configuration, and nobody has edited them since. */
export function controlPlane(node: string, config: string): Resource {
  const own = `${digestOf(config)}  ${CONFIG}`
  return step('control plane as configured', {
    done: sh`grep -qxF ${own} ${APPLIED} && sha256sum --status -c ${APPLIED}`,
    run: `umask 077
exec 9>${LOCK}
flock -n 9 || { echo 'another kubeadm is at work on this host' >&2; exit 1; }
kubeadm() { ${BIN}/kubeadm init phase "$@" --config ${CONFIG} >/run/quorate-kubeadm.log 2>&1 || { [ "$quiet" ] || tail -n 20 /run/quorate-kubeadm.log >&2; return 1; }; }
pods() { for name in ${COMPONENTS.join(' ')}; do
  echo "$name $(sha256sum <${KUBERNETES}/manifests/$name.yaml) $(${BIN}/crictl pods --name "^$name-${node}\\$" --state ready -q)"
done; }
before=$(pods)
# A certificate that lacks one of the names is refused as it is: it is made anew, and read again by the apiserver.
quiet=yes
kubeadm certs apiserver || { quiet=; rm -f ${PKI}/apiserver.crt ${PKI}/apiserver.key; kubeadm certs apiserver || exit 1; }
quiet=
kubeadm control-plane all || exit 1
tries=120
while [ $tries -gt 0 ]; do
  tries=$((tries - 1))
  waiting=$(printf '%s\\n' "$before" | while read -r name digest dash pod; do
    [ "$(sha256sum <${KUBERNETES}/manifests/$name.yaml)" = "$digest  $dash" ] && continue
    now=$(${BIN}/crictl pods --name "^$name-${node}\\$" --state ready -q)
    [ -n "$now" ] && [ "$now" != "$pod" ] || echo "$name"
  done)
  [ -n "$waiting" ] || break
  sleep 1
done
[ -z "$waiting" ] || { echo "the kubelet did not restart:" $waiting >&2; exit 1; }
${RECORD}`,
  })
}

/** The cluster keeps the configuration that joining masters get. */
export function keptConfiguration(config: string, digest: string, apiServer: string): Resource {
  const ctl = new Script(kubectl(apiServer))
  const path = `jsonpath={.metadata.annotations.${CONFIGURATION_ANNOTATION}}`
  return step('cluster configuration kept in the cluster', {
    done: sh`[ "$(${ctl} -n kube-system get configmap kubeadm-config -o ${path})" = ${digest} ]`,
    run: kubeadmScript(['init', 'phase', 'upload-config', 'kubeadm'], {
      after: annotated(digest, apiServer),
    }),
    input: config,
  })
}

/** Shell: says in the cluster which configuration it keeps. */
export function annotated(digest: string, apiServer: string): string {
  return sh`${new Script(kubectl(apiServer))} -n kube-system annotate --overwrite configmap kubeadm-config ${`${CONFIGURATION_ANNOTATION}=${digest}`}`
    .text
}

/** Makes the cluster on this host, or finishes it where that was interrupted. */
export function initialised(
  input: Parameters<typeof step>[1]['input'],
  after: string,
  resumed: boolean,
): Resource {
  // What an interrupted attempt has made on this host is no obstacle to finishing it: every phase can be repeated.
  const ignore = resumed ? ['--ignore-preflight-errors', REPEATED.join(',')] : []
  const args = ['init', '--skip-token-print', ...ignore]
  return step('make the cluster', {
    done: COMPLETE,
    run: kubeadmScript(args, {
      marks: 'init',
      // One that is finished has pods already.
      ...(!resumed && { before: FORGET_NETWORK }),
      after: `${RECORD} && ${after}`,
    }),
    ...(input !== undefined && { input }),
  })
}

/** This host becomes a control plane of the cluster. */
export function joined(input: Parameters<typeof step>[1]['input'], provisional: boolean): Resource {
  return step('join the cluster as a control plane', {
    done: COMPLETE,
    run: kubeadmScript(['join'], { marks: 'join', before: FORGET_NETWORK, after: RECORD }),
    ...(input !== undefined && { input }),
    provisional,
  })
}

const REPEATED = [
  ...[...COMPONENTS, 'etcd'].map((name) => `FileAvailable--etc-kubernetes-manifests-${name}.yaml`),
  ...['6443', '10250', '10257', '10259', '2379', '2380'].map((port) => `Port-${port}`),
  'DirAvailable--var-lib-etcd',
]

function manifest(component: string): string {
  return `${KUBERNETES}/manifests/${component}.yaml`
}
