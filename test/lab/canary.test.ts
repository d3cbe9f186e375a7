// Secrets in every place that takes one, each of its own: after runs that fail with them, they are where they belong only.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Lab, labUp } from '../../lib/lab/index.ts'
import { encryptVault } from '../../lib/vault/format.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'quorate-canary-'))
const path = (name: string) => join(folder, name)
const test = suite('secrets on a host')
const canary = (name: string) => `canary-${name}-${process.pid}-yranac`
const SSH = canary('ssh')
const BECOME = canary('become')
const TOKEN = canary('token')
const VAULT = canary('vault')
const INPUT = canary('input')
const EXTRA = canary('extra')
const CANARIES = [SSH, BECOME, TOKEN, VAULT, INPUT, EXTRA]
let lab: Lab

// The step shows what it is given in every way a script can, and fails, once the samples of processes have seen it.
const PLAYBOOK = `
import { defineRole, file, line, play, playbook, secret, step, z } from '${root}dist/lib/index.js'
const leaky = defineRole({
  name: 'leaky',
  summary: 'tells what it should not',
  vars: z.object({ token: secret(), input: secret(), extra: secret() }),
  async converge({ vars, apply }) {
    await apply(
      file('/srv/canary.key', { content: vars.token }),
      file('/srv/canary.conf', { content: 'token: ' + vars.token.reveal() + '\\n' + vars.extra.reveal(), mode: 0o600 }),
      line('/srv/canary.key', { line: 'and a line' }),
      step('leak', { done: 'test -e /nowhere', input: vars.input, run: 'until grep -aqs "sleep 0.75" /root/processes; do sleep 0.75; done; tee /dev/stderr; cat /srv/canary.conf; exit 3' }),
    )
  },
})
export default await playbook('leaky', { plays: ({ group }) => [play('leak', group('all'), [leaky()])] })
`
const SAMPLE = `while [ ! -e /root/stop ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ >>/root/processes 2>/dev/null; sleep 0.2; done`

test.before(async () => {
  lab = await labUp({ name: `canary-${process.pid}`, hosts: ['m1'] })
  await on(`useradd -m -s /bin/sh alice; printf '%s\\n' alice:${SSH} root:${BECOME} | chpasswd`)
  mkdirSync(path('group_vars'))
  const settings = 'ansible_user=alice ansible_become=true ansible_become_method=su'
  const host = `m1 ansible_host=${lab.host('m1').address} quorate_known_hosts=${lab.knownHosts} ${settings}\n`
  const vars = `ansible_password: ${SSH}\nansible_become_password: ${BECOME}\nleaky_token: ${TOKEN}\nleaky_input: ${INPUT}\n`
  writeFileSync(path('hosts.ini'), host)
  writeFileSync(path('group_vars/all.yml'), encryptVault(vars, VAULT))
  writeFileSync(path('vault.pass'), `${VAULT}\n`, { mode: 0o600 })
  writeFileSync(path('extra.yml'), `leaky_extra: ${EXTRA}\n`, { mode: 0o600 })
  writeFileSync(path('leaky.mjs'), PLAYBOOK)
})
test.after(async () => {
  rmSync(folder, { recursive: true })
  await lab?.down()
})

test('runs that fail with secrets leave them in the two files that are meant to hold them', async () => {
  await on('rm -f /root/stop')
  const sampling = lab.exec('m1', SAMPLE)
  try {
    await run('plan', ['--plan-out', 'canary.plan'], 0)
    await run('applied', ['--apply-plan', 'canary.plan'])
    await run('json', ['--output', 'json'])
    await run('text', ['--output', 'github'])
  } finally {
    await on('touch /root/stop')
    await sampling
  }
  assert.match(await on("tr '\\0' ' ' </root/processes | grep -ao 'sleep 0.75' | head -1"), 'sleep 0.75')
  assert.is(
    await on(`stat -c '%n %a' $(${searched('/srv /home /root /tmp /var/tmp /var/log /run /etc')} | sort)`),
    ['/srv/canary.conf 600', '/srv/canary.key 600\n'].join('\n'),
  )
  assert.is(await on(`journalctl --sync; journalctl -a -o export | ${searched('')} || true`), '')
})

test('nothing of this machine holds one but the two files that were given', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const holding = files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => forms().some((form) => readFileSync(file).includes(form)))
  assert.ok(files.length > 10, 'the outputs are there')
  assert.equal(holding.sort(), [path('extra.yml'), path('vault.pass')])
  assert.is(statSync(path('canary.plan')).mode & 0o777, 0o600)
})

async function run(name: string, args: readonly string[], code = 3): Promise<void> {
  const outputs = ['--report', `${name}.html`, '--junit', `${name}.xml`, '--log-file', `${name}.log`]
  const child = spawn(
    process.execPath,
    [
      'leaky.mjs',
      '-i',
      'hosts.ini',
      '-e',
      '@extra.yml',
      '--vault-password-file',
      'vault.pass',
      '-vvv',
      '--diff',
      ...outputs,
      ...args,
    ],
    { cwd: folder, env: { ...process.env, NO_COLOR: '1', HOME: folder, XDG_STATE_HOME: path('state') } },
  )
  let [output, processes, over] = ['', '', false]
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve)).finally(
    () => (over = true),
  )
  while (!over) {
    processes += processesHere()
    await sleep(200)
  }
  writeFileSync(path(`${name}.out`), output)
  writeFileSync(path(`${name}.processes`), processes)
  assert.is(await ended, code, output.slice(-2000))
  assert.match(output, 'leak')
  assert.match(processes, 'leaky.mjs')
}

/** The command lines and environments of all that runs on this machine now. */
function processesHere(): string {
  const texts = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => `/proc/${pid}/${file}`))
  return texts.map(readable).join('\n')
}

function readable(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return '' // it has ended
  }
}

/** As they are, and in the base64 that contents travel as. */
function forms(): string[] {
  return CANARIES.flatMap((one) => [one, Buffer.from(one).toString('base64').slice(0, -4)])
}

/** A command that lists the files below some folders that hold a canary; without folders it shows lines of its input. */
function searched(folders: string): string {
  const patterns = forms().map((form) => `-e ${form}`)
  return `grep ${folders === '' ? '-a' : '-rlas'} -F ${patterns.join(' ')} ${folders}`
}

async function on(command: string): Promise<string> {
  return (await lab.exec('m1', command)).stdout
}

test.run()
