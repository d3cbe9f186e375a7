import { type Query, type Script, sh } from '../../lib/index.ts'
import type { ClusterView } from './cluster.ts'
import { NAMESPACE } from './manifest.ts'

const LABEL = 'app=quorate-reach'

/** A pod on each of these nodes that does nothing, and is gone by itself after five minutes. */
export function testPods(nodes: readonly string[], image: string): string {
  return nodes.map((node) => testPod(node, image)).join('---\n')
}

function testPod(node: string, image: string): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: quorate-reach-${node}
  namespace: ${NAMESPACE}
  labels:
    app: quorate-reach
spec:
  nodeName: ${node}
  restartPolicy: Never
  activeDeadlineSeconds: 300
  terminationGracePeriodSeconds: 0
  automountServiceAccountToken: false
  enableServiceLinks: false
  tolerations:
  - operator: Exists
  containers:
  - name: sleep
    image: ${image}
    imagePullPolicy: IfNotPresent
    command: [sleep, "300"]
`
}

/** Starts the pods; the address of each, by its node's address. */
export async function startTestPods(
  query: Query,
  kubectl: Script,
  { nodes }: ClusterView,
  participants: ReadonlySet<string>,
  image: string,
): Promise<ReadonlyMap<string, string>> {
  const chosen = nodes.filter(({ address }) => participants.has(address)).map(({ name }) => name)
  const rows = 'jsonpath={range .items[*]}{.status.hostIP} {.status.podIP}{"\\n"}{end}'
  // Not a change of the host: these pods are the question, and gone with the answer.
  const { lines } = await query`set -e
${removal(kubectl)} >/dev/null
printf %s ${testPods(chosen, image)} | ${kubectl} create -f - >/dev/null
${kubectl} --request-timeout 0 wait pod -n ${NAMESPACE} -l ${LABEL} --for=condition=Ready --timeout=60s >/dev/null
${kubectl} get pods -n ${NAMESPACE} -l ${LABEL} -o ${rows}`
  return new Map(lines.map((line) => line.split(' ') as [string, string]))
}

export async function removeTestPods(query: Query, kubectl: Script): Promise<void> {
  await query`${removal(kubectl)}`
}

function removal(kubectl: Script): Script {
  return sh`${kubectl} --request-timeout 0 delete pods -n ${NAMESPACE} -l ${LABEL} --ignore-not-found --now`
}
