export { checkAddresses } from './check-addresses.ts'
export { connectionSettings, hostAddress } from './connection-settings.ts'
export { loadInventory } from './load.ts'
export { selectHosts } from './patterns.ts'
