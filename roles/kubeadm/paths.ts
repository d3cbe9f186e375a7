/** Where the programs of the bundle go. */
export const BIN = '/usr/local/bin'
export const KUBERNETES = '/etc/kubernetes'
/** What the roles keep about a node, beside what is kubeadm's. */
export const STATE = `${KUBERNETES}/quorate`
export const PKI = `${KUBERNETES}/pki`
export const ADMIN_CONF = `${KUBERNETES}/admin.conf`
export const KUBELET_CONF = `${KUBERNETES}/kubelet.conf`
export const CRI_SOCKET = 'unix:///run/containerd/containerd.sock'
/** Says `init` or `join` from before the first change of kubeadm until after its last. */
export const UNFINISHED = `${STATE}/unfinished`
/** There from before certificates are renewed until their users have been restarted. */
export const RENEWING = `${STATE}/renewing`
/** Held while kubeadm works, also by one whose run was killed. */
export const LOCK = '/run/quorate-kubeadm.lock'
/** Tells our bootstrap tokens from others. */
export const TOKEN_DESCRIPTION = 'quorate'
