import { createHash } from 'node:crypto'
import { netConf } from './net-conf.ts'
import type { Release } from './release.ts'
import type { FlannelVars } from './vars.ts'

export const NAMESPACE = 'kube-flannel'

/** On each pod of flannel: which manifest it was started from. */
export const DIGEST_ANNOTATION = 'quorate/manifest'

/**
 * All objects of flannel v0.28, after its kube-flannel.yml: the interface is given explicitly, health checks are
 * answered on loopback only, and a change of the configuration restarts the pods.
 */
export function flannelManifest(vars: FlannelVars, release: Release): string {
  const pods = daemonSet(vars, release, manifestDigest(vars, release))
  return [namespace(), access(), configMap(vars), pods].join('---\n')
}

/** Tells manifests apart that need other pods. */
export function manifestDigest(vars: FlannelVars, release: Release): string {
  const text = configMap(vars) + daemonSet(vars, release, '')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

function namespace(): string {
  return `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
  labels:
    k8s-app: flannel
    pod-security.kubernetes.io/enforce: privileged
`
}

function access(): string {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: flannel
  labels:
    k8s-app: flannel
rules:
- apiGroups: [""]
  resources: [pods]
  verbs: [get]
- apiGroups: [""]
  resources: [nodes]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [nodes/status]
  verbs: [patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: flannel
  labels:
    k8s-app: flannel
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: flannel
subjects:
- kind: ServiceAccount
  name: flannel
  namespace: ${NAMESPACE}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: flannel
  namespace: ${NAMESPACE}
  labels:
    k8s-app: flannel
`
}

function configMap(vars: FlannelVars): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: kube-flannel-cfg
  namespace: ${NAMESPACE}
  labels:
    tier: node
    k8s-app: flannel
    app: flannel
data:
  cni-conf.json: |
${indent(CNI_CONF, 4)}
  net-conf.json: |
${indent(netConf(vars), 4)}
`
}

const CNI_CONF = `{
  "name": "cbr0",
  "cniVersion": "0.3.1",
  "plugins": [
    { "type": "flannel", "delegate": { "hairpinMode": true, "isDefaultGateway": true } },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}`

function daemonSet(vars: FlannelVars, release: Release, digest: string): string {
  return `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: kube-flannel-ds
  namespace: ${NAMESPACE}
  labels:
    tier: node
    app: flannel
    k8s-app: flannel
spec:
  selector:
    matchLabels:
      app: flannel
  updateStrategy:
    type: RollingUpdate
    rollingUpdate:
      # Pods keep their network while flannel restarts beside them.
      maxUnavailable: 10%
  template:
    metadata:
      labels:
        tier: node
        app: flannel
      annotations:
        ${DIGEST_ANNOTATION}: "${digest}"
    spec:
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
            - matchExpressions:
              - key: kubernetes.io/os
                operator: In
                values: [linux]
      hostNetwork: true
      priorityClassName: system-node-critical
      tolerations:
      - operator: Exists
      serviceAccountName: flannel
      initContainers:
${pluginContainer(release)}      - name: install-cni
        image: ${release.image}
        command: [/opt/bin/install-conf]
        args: [/etc/kube-flannel/cni-conf.json, /etc/cni/net.d/10-flannel.conflist]
        volumeMounts:
        - name: cni
          mountPath: /etc/cni/net.d
        - name: flannel-cfg
          mountPath: /etc/kube-flannel/
      containers:
      - name: kube-flannel
        image: ${release.image}
        command: [/opt/bin/flanneld]
        args:
        - --ip-masq
        - --kube-subnet-mgr
        - --iface=${vars.interface ?? '$(NODE_IP)'}
        - --healthz-ip=127.0.0.1
        - --healthz-port=${vars.healthzPort}
        env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: POD_NAMESPACE
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
        # The node's InternalIP: the interface with this very address, which is never the VIP.
        - name: NODE_IP
          valueFrom:
            fieldRef:
              fieldPath: status.hostIP
        - name: EVENT_QUEUE_DEPTH
          value: "5000"
        - name: CONT_WHEN_CACHE_NOT_READY
          value: "false"
        livenessProbe:
          httpGet:
            host: 127.0.0.1
            path: /healthz
            port: ${vars.healthzPort}
          initialDelaySeconds: 10
          periodSeconds: 30
        readinessProbe:
          httpGet:
            host: 127.0.0.1
            path: /readyz
            port: ${vars.healthzPort}
          initialDelaySeconds: 1
          periodSeconds: 5
        resources:
          requests:
            cpu: 100m
            memory: 50Mi
        securityContext:
          privileged: false
          capabilities:
            add: [NET_ADMIN, NET_RAW]
        volumeMounts:
        - name: run
          mountPath: /run/flannel
        - name: flannel-cfg
          mountPath: /etc/kube-flannel/
        - name: xtables-lock
          mountPath: /run/xtables.lock
      volumes:
      - name: run
        hostPath:
          path: /run/flannel
${pluginVolume(release, vars)}      - name: cni
        hostPath:
          path: /etc/cni/net.d
      - name: flannel-cfg
        configMap:
          name: kube-flannel-cfg
      - name: xtables-lock
        hostPath:
          path: /run/xtables.lock
          type: FileOrCreate
`
}

function pluginContainer({ pluginImage }: Release): string {
  if (pluginImage === undefined) return ''
  return `      - name: install-cni-plugin
        image: ${pluginImage}
        command: [cp]
        args: [-f, /flannel, /opt/cni/bin/flannel]
        volumeMounts:
        - name: cni-plugin
          mountPath: /opt/cni/bin
`
}

function pluginVolume({ pluginImage }: Release, { cniBinDir }: FlannelVars): string {
  if (pluginImage === undefined) return ''
  return `      - name: cni-plugin
        hostPath:
          path: ${cniBinDir}
`
}

function indent(text: string, spaces: number): string {
  return text.replace(/^/gm, ' '.repeat(spaces))
}
