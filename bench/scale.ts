// npm run bench:scale: what the control process alone costs a host, up to thousands of them. The hosts are one sshd of
// another process, which answers as a host does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeInputs } from './commands.ts'
import type { Load } from './load.ts'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '1,10,100,1000,5000' },
    forks: { type: 'string', default: '50' },
  },
})
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-scale-'))
const server = spawn(process.execPath, [join(root, 'bench', 'canned-hosts.mjs'), folder], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
// True of every machine, since this one answers for all.
const LOAD: Load = {
  name: 'scale',
  summary: '12 resources',
  ...{ probe: '', apply: '', reset: '', ansible: '', pyinfra: '' },
  quorate: `await apply(group('root'), user('root'), directory('/etc'),
      ...'123456789'.split('').map((n) => absent(\`/etc/quorate-bench-\${n}\`)))`,
}
try {
  const [said] = await once(server.stdout, 'data')
  const sshd = JSON.parse(String(said)) as Sshd
  process.stdout.write(
    '| hosts | wall s | CPU s | CPU ms a host | memory MB |\n| --: | --: | --: | --: | --: |\n',
  )
  for (const count of values.hosts.split(',').map(Number)) {
    const { wall_s, cpu_s, rss_mb } = await runOn(count, sshd)
    const cells = [
      count,
      wall_s.toFixed(2),
      cpu_s.toFixed(2),
      ((cpu_s / count) * 1000).toFixed(1),
      rss_mb.toFixed(0),
    ]
    process.stdout.write(`| ${cells.join(' | ')} |\n`)
  }
} finally {
  server.kill()
  rmSync(folder, { recursive: true, force: true })
}

interface Sshd {
  readonly port: number
  readonly publicKey: string
  readonly key: string
}

/** A run of twelve resources that finds nothing to change. */
async function runOn(count: number, { port, publicKey, key }: Sshd) {
  const hosts = Array.from({ length: count }, (_, index) => {
    const address = `127.${1 + Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${1 + (index % 250)}`
    return { name: `h${index}`, ip: address, address, port }
  })
  const knownHosts = hosts.map(({ address }) => `[${address}]:${port} ${publicKey}\n`).join('')
  const inputs = join(folder, 'run')
  await writeInputs(inputs, LOAD, { hosts, key, knownHosts, stop: async () => {} })
  const result = join(folder, 'result.json')
  const zx = join(root, 'node_modules/.bin/zx')
  const options = ['site.mjs', '-i', 'hosts.ini', '--forks', values.forks]
  const wrapper = join(root, 'bench', 'measure.py')
  const output = join(folder, 'output')
  const command = ['-c', 'exec "$@" >"$0"', output, 'python3', wrapper, result, zx, ...options]
  const child = spawn('sh', command, { cwd: inputs, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`exit code ${code}\n${readFileSync(output, 'utf8').slice(-2000)}`)
  writeFileSync(output, '')
  return JSON.parse(readFileSync(result, 'utf8')) as { wall_s: number; cpu_s: number; rss_mb: number }
}
