// ansible-inventory and ansible themselves, as their users start them, over a sample of the corpus in one inventory.
// Each start takes a second: the other suites ask the same code without it.
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { installAnsible } from '../helpers/ansible-oracle.ts'
import { loadFor, toAnswer } from '../helpers/compare-inventory.ts'

const CORPUS = fileURLToPath(new URL('corpus/', import.meta.url))
const SAMPLE = [
  ...['kubespray.ini', 'children-diamond.ini', 'priority.ini', 'ports.ini', 'range-several.ini'],
  ...['host-variables.ini', 'vars-duplicate.ini', 'host-shlex.ini', 'yaml-kubesphere.yml', 'json.json'],
  ...['vars-files/hosts.ini', 'host-list-a,host-list-b:2222,'],
]
const sources = SAMPLE.map((name) => (name.includes(',') ? name : join(CORPUS, name)))
const PATTERNS = ['all', 'all:!kube_node', '~^node[12]$', 'kube_control_plane,&etcd,!node1', 'all[0:3]']

const test = suite('programs')
let python: string | undefined

test.before(async () => {
  python = await installAnsible().catch((error: Error) => {
    if (process.env.CI) throw error
    console.log(`skipped: ansible-core cannot be installed (${error.message.split('\n')[0]})`)
    return process.exit(0)
  })
})

test('ansible-inventory --list', async () => {
  assert.equal(await ours('list'), JSON.parse(await start('ansible-inventory', ['--list'])))
})

test('ansible-inventory --graph', async () => {
  assert.equal(await ours('graph'), (await start('ansible-inventory', ['--graph'])).trimEnd().split('\n'))
})

for (const pattern of PATTERNS) {
  test(`ansible '${pattern}' --list-hosts`, async () => {
    const [first, ...hosts] = (await start('ansible', [pattern, '--list-hosts'])).trimEnd().split('\n')
    assert.is(first, `  hosts (${hosts.length}):`)
    const { [pattern]: actual } = await ours('patterns')
    // From the second level of groups down, the order of Ansible is that of addresses in memory.
    assert.equal([...(actual as string[])].sort(), hosts.map((name) => name.trim()).sort())
  })
}

async function ours<Key extends 'list' | 'graph' | 'patterns'>(key: Key) {
  const question = { sources, patterns: PATTERNS }
  const inventory = await loadFor(question)
  if (Array.isArray(inventory)) throw new Error(inventory.join('\n'))
  return toAnswer(inventory, question)[key]
}

async function start(program: string, args: readonly string[]): Promise<string> {
  const given = sources.flatMap((source) => ['-i', source])
  const path = join(dirname(python as string), program)
  const { stdout } = await promisify(execFile)(python as string, [path, ...given, ...args], {
    env: { ...environment(), ANSIBLE_CONFIG: fileURLToPath(new URL('ansible.cfg', import.meta.url)) },
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}

/** Ours without what would change Ansible's behaviour. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('ANSIBLE_'))
  return { ...Object.fromEntries(entries), PYTHONUTF8: '1', ANSIBLE_NOCOLOR: '1' }
}

test.run()
