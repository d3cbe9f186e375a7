import { FORGET_HOSTS, type Load, purge, times } from '../load.ts'

// Small ones without much behind them.
const PACKAGES = [
  ...['bc', 'dc', 'file', 'less', 'lsof', 'psmisc', 'rsync', 'time', 'tree', 'unzip'],
  ...['zip', 'bzip2', 'xxd', 'pv', 'jq', 'ncal', 'patch', 'ed', 'dosfstools', 'cpio'],
]
const LINES = times(200, (index) => `10.251.${Math.floor(index / 250)}.${index % 250} many${index}`)

/** Breadth: what a role with many small parts costs. */
export const many: Load = {
  name: 'many',
  summary: '200 files, 200 lines in one file and 20 packages',
  probe: `dpkg-query -W -f '\${Package} \${Status}\\n' ${PACKAGES.join(' ')}
stat -c '%n %U %G %a %F' /etc/bench /etc/bench/*
sha256sum /etc/bench/*
cat /etc/hosts`,
  apply: `export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends ${PACKAGES.join(' ')} >/dev/null
install -d -m 0755 /etc/bench
n=0; while [ $n -lt 200 ]; do n=$((n+1)); echo "file $n" >/etc/bench/$n; done; chmod 644 /etc/bench/*
cat >>/etc/hosts <<'END'
${LINES.join('\n')}
END`,
  reset: `${purge(PACKAGES)}
rm -rf /etc/bench; sed '/ many[0-9]*$/d' /etc/hosts >/tmp/hosts; cat /tmp/hosts >/etc/hosts; rm /tmp/hosts
${FORGET_HOSTS}`,
  ansible: `
- apt: { name: [${PACKAGES.join(', ')}], install_recommends: false }
- file: { path: /etc/bench, state: directory, mode: '0755' }
- copy: { dest: '/etc/bench/{{ item }}', mode: '0644', content: "file {{ item }}\\n" }
  loop: "{{ range(1, 201) | list }}"
- lineinfile: { path: /etc/hosts, line: '{{ item }}' }
  loop: ${JSON.stringify(LINES)}
`,
  pyinfra: `
from io import StringIO
from pyinfra.operations import apt, files
apt.packages(packages=${JSON.stringify(PACKAGES)}, no_recommends=True)
files.directory(path="/etc/bench", mode="755")
for n in range(1, 201):
    files.put(src=StringIO(f"file {n}\\n"), dest=f"/etc/bench/{n}", mode="644")
for line in ${JSON.stringify(LINES)}:
    files.line(path="/etc/hosts", line=line)
`,
  quorate: `const numbers = Array.from({ length: 200 }, (_, index) => index + 1)
await apply(
  pkg(${JSON.stringify(PACKAGES)}),
  directory('/etc/bench', { mode: 0o755 }),
  ...numbers.map((n) => file(\`/etc/bench/\${n}\`, { content: \`file \${n}\\n\` })),
  ...${JSON.stringify(LINES)}.map((text) => line('/etc/hosts', { line: text })),
)`,
}
