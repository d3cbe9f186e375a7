import type { FlannelVars } from './vars.ts'

/** What net-conf.json says of the network, as flannel understands it. */
export interface NetConf {
  readonly network: string
  readonly type: string
  readonly vni: number
  readonly port: number
}

/** net-conf.json. Of options that only one backend has, the other's file has none. */
export function netConf({ podSubnet, backend, directRouting, vni, udpPort }: FlannelVars): string {
  const options = backend === 'vxlan' ? { VNI: vni, Port: udpPort, DirectRouting: directRouting } : {}
  return JSON.stringify(
    { Network: podSubnet, EnableNFTables: false, Backend: { Type: backend, ...options } },
    undefined,
    2,
  )
}

/** Of a file that anybody may have written; undefined where it is none. */
export function parseNetConf(text: string): NetConf | undefined {
  try {
    const { Network: network, Backend: { Type: type = '', VNI: vni = 1, Port: port = 8472 } = {} } =
      JSON.parse(text)
    return typeof network === 'string' ? { network, type, vni, port } : undefined
  } catch {
    return undefined
  }
}

/** What cannot be changed while pods run, and how it differs: `the backend is vxlan, not host-gw`. Empty where all is as it was. */
export function liveDifferences(live: NetConf, vars: FlannelVars): string[] {
  const wanted: [what: string, live: string | number, wanted: string | number][] = [
    ['the network', live.network, vars.podSubnet],
    ['the backend', live.type, vars.backend],
  ]
  if (vars.backend === 'vxlan' && live.type === 'vxlan') {
    wanted.push(['the VNI', live.vni, vars.vni], ['the UDP port', live.port, vars.udpPort])
  }
  return wanted
    .filter(([, live, wanted]) => live !== wanted)
    .map(([what, live, wanted]) => `${what} is ${live}, not ${wanted}`)
}
