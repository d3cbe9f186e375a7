/** Everything that a role or a playbook imports. */
// Built, its messages are English only; other languages: `z.config(de())` with `de` of `zod/locales`.
export { z } from 'zod'
export {
  type Bundle,
  type BundleFile,
  type BundleImage,
  binaryOf,
  imagesOf,
  readBundle,
} from './bundle/read.ts'
export { verifiedBundle } from './bundle/verified.ts'
export type { GateOptions } from './engine/coordination.ts'
export type { Query, QueryResult } from './engine/query.ts'
export type { Resource } from './engine/resource.ts'
export { until } from './engine/until.ts'
export { type Problem, QuorateError, UnreachableError, UsageError } from './errors.ts'
export {
  defineInventory,
  type GroupDefinition,
  type InventoryDefinition,
  type InventoryVars,
} from './inventory/define.ts'
export type { Host } from './inventory/host.ts'
export type { Value } from './inventory/types.ts'
export { type Cidr, containsAddress, networksOverlap, parseCidr } from './ipv4.ts'
export * from './pki/index.ts'
export { type Play, type Playbook, type PlaybookTools, type PlayOptions, play, playbook } from './playbook.ts'
export { quote, Script, sh } from './quote.ts'
export * from './resources/index.ts'
export {
  type AppliedRole,
  defineRole,
  lazyRole,
  type PreflightContext,
  type Role,
  type RoleContext,
  type RoleDefinition,
} from './role.ts'
export { cidr, ipAddress, port, secret } from './schemas.ts'
export { Secret } from './secret.ts'
export { didYouMean } from './suggest.ts'
export type { Facts } from './transport/connection.ts'
export { varsOfRole } from './vars-of-role.ts'
