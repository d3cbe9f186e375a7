import { callPlace } from '../engine/place.ts'
import type { Change, Resource } from '../engine/resource.ts'
import { QuorateError } from '../errors.ts'
import { sh } from '../quote.ts'
import { file } from './file.ts'
import { kernelModuleNeed, kernelModuleProbe } from './probes/kernel-module.ts'

export interface KernelModuleOptions {
  /** Load it at every boot, by /etc/modules-load.d/NAME.conf. @default true */
  readonly persist?: boolean
}

/**
 * A kernel module that is loaded, or built into the kernel.
 *
 * @example kernelModule('br_netfilter')
 */
export function kernelModule(name: string, { persist = true }: KernelModuleOptions = {}): Resource {
  const place = callPlace()
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(name)) {
    throw new QuorateError(`kernelModule: '${name}' is not the name of a kernel module`, {
      hint: 'as in: br_netfilter',
    })
  }
  const kept = persist ? file(`/etc/modules-load.d/${name}.conf`, { content: `${name}\n` }) : undefined
  return {
    kind: 'kernel module',
    name,
    place,
    needs: (context) => [kernelModuleNeed(name), ...(kept?.needs(context) ?? [])],
    plan: (observed, context) => [
      ...(observed.get(kernelModuleProbe, name) ? [] : [load(name)]),
      ...(kept?.plan(observed, context) ?? []).map((change) => ({
        ...change,
        summary: `${kept?.name}: ${change.summary}`,
      })),
    ],
  }
}

function load(name: string): Change {
  return {
    summary: 'load',
    action:
      sh`modprobe -- ${name} || { echo ${`kernel module ${name} cannot be loaded on this host, nor is it built into its kernel`} >&2; exit 1; }`
        .text,
    effects: { unknown: 'everything', known: [[kernelModuleNeed(name), true]] },
  }
}
