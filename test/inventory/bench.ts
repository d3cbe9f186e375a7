// node --import tsx test/inventory/bench.ts: 10,000 hosts in 200 groups with 50 variables each, beside ansible-inventory;
// and inputs that would show a quadratic blow-up, each at three sizes.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { loadInventory } from '../../lib/inventory/index.ts'
import { startOracle } from '../helpers/ansible-oracle.ts'

const directory = mkdtempSync(join(tmpdir(), 'quorate-bench-'))
const file = join(directory, 'hosts.ini')
const settings = Array.from({ length: 50 }, (_, index) => `variable_${index}=value-${index}`).join(' ')
const groups = Array.from({ length: 200 }, (_, group) => {
  const hosts = Array.from({ length: 50 }, (_, host) => `host-${group}-${host} ${settings}`)
  return `[group${group}]\n${hosts.join('\n')}\n[group${group}:vars]\nrack=${group}\n`
})

const yaml = join(directory, 'hosts.yml')

function inYaml(): string {
  const variables = settings.replaceAll('=', ': ').split(/ (?=variable)/)
  const host = (name: string) =>
    `        ${name}:\n${variables.map((each) => `          ${each}\n`).join('')}`
  const group = (number: number) => {
    const hosts = Array.from({ length: 50 }, (_, index) => host(`host-${number}-${index}`))
    return `    group${number}:\n      vars:\n        rack: ${number}\n      hosts:\n${hosts.join('')}`
  }
  return `all:\n  children:\n${groups.map((_, index) => group(index)).join('')}`
}

/** Milliseconds: the best of some. */
async function time(repeat: number, run: () => unknown): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < repeat; round++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return Math.round(Math.min(...times))
}

const HARD: Readonly<Record<string, (size: number) => string>> = {
  'a chain of groups': (n) =>
    Array.from({ length: n / 10 }, (_, i) => `[g${i}]\n[g${i}:children]\ng${i + 1}`)
      .join('\n')
      .concat(`\n[g${n / 10}]`),
  'undeclared children': (n) =>
    `[p:children]\n${Array.from({ length: n / 10 }, (_, i) => `c${i}`).join('\n')}`,
  'one long value': (n) => `h x=${'['.repeat(n * 10)}`,
  'one long word': (n) => 'a:'.repeat(n * 10),
  'one long quoted value': (n) => `[g]\nh\n[g:vars]\nx="${'\\'.repeat(n * 10)}"`,
  'the same host again': (n) => 'h a=1\n'.repeat(n),
}

try {
  writeFileSync(file, groups.join(''))
  const { python, end } = await startOracle()
  await end()
  console.log(`reading the file   ${await time(5, () => readFileSync(file, 'utf8').split('\n'))} ms`)
  console.log(`quorate            ${await time(5, () => loadInventory(file))} ms`)
  const ansible = () => spawnSync(python, [join(dirname(python), 'ansible-inventory'), '-i', file, '--list'])
  console.log(`ansible-inventory  ${await time(1, ansible)} ms`)
  // ansible-inventory takes a quarter of an hour for it.
  writeFileSync(yaml, inYaml())
  console.log(`the same in YAML   ${await time(1, () => loadInventory(yaml))} ms`)
  for (const [name, make] of Object.entries(HARD)) {
    const sizes = [1000, 4000, 16_000]
    const times: number[] = []
    for (const size of sizes) {
      writeFileSync(file, make(size))
      times.push(await time(2, () => loadInventory(file).catch(() => {})))
    }
    console.log(`${name}: ${times.map((ms, index) => `${sizes[index]}: ${ms} ms`).join(', ')}`)
  }
} finally {
  rmSync(directory, { recursive: true })
}
