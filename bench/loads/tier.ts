import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Secret } from '../../lib/index.ts'
import { type Certificates, certificatesOf } from '../../roles/etcd/certificates.ts'
import {
  BOOTSTRAP_FILE,
  bootstrapEnvironment,
  CLIENT_CERT,
  CLIENT_KEY,
  peerUrl,
} from '../../roles/etcd/config.ts'
import { memberFiles } from '../../roles/etcd/files.ts'
import { type EtcdVars, etcdVars } from '../../roles/etcd/vars.ts'
import { CONFIG_FILE, configId, haproxyCfg, haproxyUnit } from '../../roles/haproxy/config.ts'
import { haproxyVars } from '../../roles/haproxy/vars.ts'
import * as keepalived from '../../roles/keepalived/config.ts'
import { keepalivedVars } from '../../roles/keepalived/vars.ts'
import type { Target } from '../hosts.ts'
import { type Load, purge } from '../load.ts'

const PACKAGES = ['etcd-server', 'etcd-client', 'haproxy', 'keepalived', 'socat', 'curl']
const HAPROXY_UNIT = '/etc/systemd/system/haproxy.service.d/quorate.conf'
const PATHS =
  `/etc/etcd/etcd.env ${BOOTSTRAP_FILE} /etc/etcd/pki/* /etc/systemd/system/etcd.service ${CONFIG_FILE} ` +
  `${HAPROXY_UNIT} ${keepalived.CONFIG_FILE} ${keepalived.CHECK_FILE} ${keepalived.DROP_IN}`
const HEALTHY = `etcdctl --cacert=/etc/etcd/pki/ca.crt --cert=${CLIENT_CERT} --key=${CLIENT_KEY} endpoint health >/dev/null 2>&1`

/** What the roles of this repository are for: three services that need each other, with certificates and templates. */
export const tier: Load = {
  name: 'tier',
  summary:
    'etcd with TLS, haproxy and keepalived with a VIP, on 2 to 15 hosts: templates, certificates, 3 services',
  hosts: [2, 15],
  folder: new URL('tier', import.meta.url),
  prepare,
  probe: `dpkg-query -W -f '\${Package} \${Status}\\n' ${PACKAGES.join(' ')}
getent passwd ${keepalived.SCRIPT_USER}
stat -c '%n %U %G %a %F %Y' /etc/etcd /etc/etcd/pki /var/lib/etcd ${PATHS}
sha256sum ${PATHS}
systemctl show -p Id,ActiveState,UnitFileState,InvocationID,StateChangeTimestampMonotonic etcd haproxy keepalived
${HEALTHY} && echo etcd is healthy
curl -fs -o /dev/null http://127.0.0.1:8443/ && echo haproxy answers
vip=$(sed -n 's,^ *\\([0-9.]*\\)/24 dev host0$,\\1,p' ${keepalived.CONFIG_FILE})
curl -fs -o /dev/null "http://$vip:8443/" && echo the VIP answers`,
  reset: `systemctl -q disable --now keepalived haproxy etcd 2>/dev/null
${purge(PACKAGES)}
userdel ${keepalived.SCRIPT_USER} 2>/dev/null
rm -rf /etc/etcd /var/lib/etcd /etc/haproxy /etc/keepalived /etc/systemd/system/etcd.service
rm -rf /etc/systemd/system/haproxy.service.d /etc/systemd/system/keepalived.service.d /var/lib/quorate
systemctl daemon-reload`,
}

/** Everybody gets the same certificates, and the texts that the roles would write are what the templates must give. */
async function prepare(folder: string, hosts: readonly Target[]) {
  const vip = (hosts[0]?.ip ?? '').replace(/\d+$/, '5')
  const members = hosts.map(({ name, ip }) => ({ name, address: ip }))
  const etcd = etcdVars.parse({ members, pkiDir: join(folder, 'pki') })
  const certificates = await certificatesOf(etcd, false)
  writeCertificates(join(folder, 'files', 'certificates'), certificates)
  const haproxy = haproxyVars.parse({ backends: members })
  const virtual = { vip: `${vip}/24`, members, clusterName: 'bench', virtualRouterId: 77, check: 'haproxy' }
  const address = keepalivedVars.parse(virtual)
  const shared = {
    [HAPROXY_UNIT]: haproxyUnit(haproxy),
    [CONFIG_FILE]: haproxyCfg(haproxy),
    [keepalived.DROP_IN]: keepalived.keepalivedUnit(),
    [keepalived.CHECK_FILE]: keepalived.checkScript(address) ?? '',
  }
  const own = address.members.map((member) => {
    const settings = { member, interface: 'host0', trackProcess: false }
    const files = {
      ...etcdFiles(etcd, member.name, certificates),
      [keepalived.CONFIG_FILE]: keepalived.keepalivedConf(address, settings),
    }
    return `${member.name})\n${written(files)}\n;;`
  })
  return { apply: applyScript(written(shared), own), variables: { vip, balancer_id: configId(haproxy) } }
}

function etcdFiles(vars: EtcdVars, name: string, certificates: Certificates): Record<string, string> {
  const [self] = vars.members.filter((member) => member.name === name)
  if (self === undefined) throw new Error(`${name} is no member`)
  const { cert, key } = certificates.client
  const peers = vars.members.map((member) => ({ name: member.name, peerUrl: peerUrl(member, vars) }))
  return {
    ...Object.fromEntries(
      memberFiles(vars, self, certificates).map(({ path, content }) => [path, plain(content)]),
    ),
    [CLIENT_CERT]: cert,
    [CLIENT_KEY]: key.reveal(),
    [BOOTSTRAP_FILE]: bootstrapEnvironment(vars, 'new', peers),
  }
}

function writeCertificates(folder: string, { ca, members, client }: Certificates): void {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, content: string | Secret) =>
    writeFileSync(join(folder, name), plain(content), { mode: 0o600 })
  write('ca.crt', ca.certificate)
  for (const [name, { cert, key }] of [...members, ['healthcheck-client', client] as const]) {
    write(`${name}.crt`, cert)
    write(`${name}.key`, key)
  }
}

function plain(content: string | Secret): string {
  return typeof content === 'string' ? content : content.reveal()
}

/** sh that writes files. */
function written(files: Readonly<Record<string, string>>): string {
  return Object.entries(files)
    .map(([path, content]) => `cat >${path} <<'END'\n${content.replace(/\n?$/, '\n')}END`)
    .join('\n')
}

function applyScript(shared: string, own: readonly string[]): string {
  const units = 'etcd haproxy keepalived'
  return `export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
apt-get -qq install -y --no-install-recommends ${PACKAGES.join(' ')} >/dev/null
rm /usr/sbin/policy-rc.d
useradd --system --shell /usr/sbin/nologin ${keepalived.SCRIPT_USER}
mkdir -p /etc/etcd /etc/systemd/system/haproxy.service.d /etc/systemd/system/keepalived.service.d
install -d -o etcd -g etcd -m 700 /etc/etcd/pki /var/lib/etcd
${shared}
case $(uname -n) in
${own.join('\n')}
esac
chmod 755 ${keepalived.CHECK_FILE}; chmod 600 /etc/etcd/pki/*.key; chown etcd:etcd /etc/etcd/pki/ca.crt /etc/etcd/pki/member.*
chmod 640 /etc/etcd/*.env; chgrp etcd /etc/etcd/*.env
systemctl daemon-reload; systemctl -q enable ${units}; systemctl restart ${units}
until ${HEALTHY}; do sleep 0.2; done
sed -i s/STATE=new/STATE=existing/ ${BOOTSTRAP_FILE}
vip=$(sed -n 's,^ *\\([0-9.]*\\)/24 dev host0$,\\1,p' ${keepalived.CONFIG_FILE})
until curl -fs -o /dev/null --max-time 1 "http://$vip:8443/"; do sleep 0.2; done`
}
