import { FORGET_HOSTS, type Load, purge, times } from '../load.ts'

const PACKAGES = ['cron', 'rsyslog']
const LINES = times(10, (index) => `10.250.0.${index} bench${index}.example.org bench${index}`)
const FILES = times(5, (index) => ({
  path: `/etc/bench/file${index}.conf`,
  content: `${times(20, (line) => `setting_${index}_${line} = ${index * line}`).join('\n')}\n`,
}))
const FILE_PATHS = FILES.map(({ path }) => path).join(' ')

/** Twelve tasks: packages, a group, a user, a directory, five files, ten lines, two services. */
export const reference: Load = {
  name: 'reference',
  summary: '12 tasks: packages, a group, a user, a directory, 5 files, 10 lines in /etc/hosts, 2 services',
  probe: `dpkg-query -W -f '\${Package} \${Status}\\n' ${PACKAGES.join(' ')}
getent passwd bench; getent group bench; id bench
stat -c '%n %U %G %a %F' /etc/bench ${FILE_PATHS}
sha256sum ${FILE_PATHS}
cat /etc/hosts
systemctl show -p Id,ActiveState,UnitFileState cron rsyslog`,
  apply: `export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends ${PACKAGES.join(' ')} >/dev/null
groupadd --system bench; useradd --system --gid bench --home-dir /var/lib/bench --shell /usr/sbin/nologin bench
install -d -o bench -g bench -m 0755 /etc/bench
${FILES.map(({ path, content }) => `cat >${path} <<'END'\n${content}END\nchmod 644 ${path}`).join('\n')}
cat >>/etc/hosts <<'END'
# BEGIN bench
${LINES.join('\n')}
# END bench
END
systemctl -q enable --now cron rsyslog`,
  reset: `${purge(PACKAGES)}
userdel bench 2>/dev/null; groupdel bench 2>/dev/null; rm -rf /etc/bench
${FORGET_HOSTS}`,
  ansible: `
- apt: { name: [${PACKAGES.join(', ')}], install_recommends: false }
- group: { name: bench, system: true }
- user: { name: bench, group: bench, system: true, home: /var/lib/bench, create_home: false, shell: /usr/sbin/nologin }
- file: { path: /etc/bench, state: directory, owner: bench, group: bench, mode: '0755' }
${FILES.map(({ path, content }) => `- copy: { dest: ${path}, mode: '0644', content: ${JSON.stringify(content)} }`).join('\n')}
- blockinfile: { path: /etc/hosts, marker: '# {mark} bench', block: ${JSON.stringify(LINES.join('\n'))} }
- service: { name: cron, enabled: true, state: started }
- service: { name: rsyslog, enabled: true, state: started }
`,
  pyinfra: `
from io import StringIO
from pyinfra.operations import apt, files, server, systemd
apt.packages(packages=${JSON.stringify(PACKAGES)}, no_recommends=True)
server.group(group="bench", system=True)
server.user(user="bench", group="bench", system=True, home="/var/lib/bench", ensure_home=False, shell="/usr/sbin/nologin")
files.directory(path="/etc/bench", user="bench", group="bench", mode="755")
${FILES.map(({ path, content }) => `files.put(src=StringIO(${JSON.stringify(content)}), dest="${path}", mode="644")`).join('\n')}
files.block(path="/etc/hosts", content=${JSON.stringify(LINES)}, marker="# {mark} bench", begin="BEGIN", end="END")
systemd.service(service="cron", enabled=True, running=True)
systemd.service(service="rsyslog", enabled=True, running=True)
`,
  quorate: `await apply(
  pkg(${JSON.stringify(PACKAGES)}),
  group('bench', { system: true }),
  user('bench', { group: 'bench', system: true, home: '/var/lib/bench', shell: '/usr/sbin/nologin' }),
  directory('/etc/bench', { owner: 'bench', group: 'bench', mode: 0o755 }),
  ${FILES.map(({ path, content }) => `file('${path}', { content: ${JSON.stringify(content)} })`).join(',\n  ')},
  block('/etc/hosts', { marker: 'bench', content: ${JSON.stringify(`${LINES.join('\n')}\n`)} }),
  service('cron', { enabled: true, state: 'running' }),
  service('rsyslog', { enabled: true, state: 'running' }),
)`,
}
