import { z } from '../../lib/index.ts'
import { commonVars, endpoint, requireRelease } from '../kubeadm/vars.ts'

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/
const key = z
  .string()
  .refine(isQualifiedName, "expected a name such as 'disk' or 'example.org/disk'")
  .refine(
    (name) => !/(^|\.)(kubernetes|k8s)\.io\//.test(name) || name.startsWith('node-role.kubernetes.io/'),
    {
      error: "names of kubernetes.io and k8s.io are Kubernetes' own, but for node-role.kubernetes.io/…",
    },
  )
const value = z.string().refine((text) => text === '' || NAME.test(text), {
  error: 'expected up to 63 letters, digits, dots, hyphens and underscores',
})

const taint = z.strictObject({
  key: key.describe('what pods have to tolerate'),
  value: value.optional().describe('its value; default: none'),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .describe('what becomes of pods that do not tolerate it'),
})

/** What the kube-node role can be told. */
export const kubeNodeVars = z
  .strictObject({
    ...commonVars,
    controlPlaneEndpoint: endpoint(),
    labels: z
      .record(key, value)
      .default({})
      .describe(
        "the node's labels, beside those that others give it: { disk: 'ssd' }; what is taken out here is taken off the node",
      ),
    taints: z
      .array(taint)
      .readonly()
      .default([])
      .describe(
        "the node's taints, beside those that others give it: [{ key: 'gpu', effect: 'NoSchedule' }]",
      ),
  })
  .superRefine(requireRelease)

export type KubeNodeVars = z.output<typeof kubeNodeVars>

function isQualifiedName(text: string): boolean {
  const [name = '', prefix, ...rest] = text.split('/').reverse()
  return (
    rest.length === 0 &&
    NAME.test(name) &&
    (prefix === undefined || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(prefix))
  )
}
