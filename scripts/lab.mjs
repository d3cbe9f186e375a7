// @ts-check
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

if (!existsSync(new URL('../dist/lib/lab/index.js', import.meta.url))) {
  console.error('Quorate is not built yet. Run: npm ci')
  process.exit(1)
}

const { LAB_USAGE, formatStatus, labDown, labStatus, labUp, openLab, parseLabCommand, sshArguments } =
  await import('quorate/lab')

try {
  process.exitCode = await run(parseLabCommand(process.argv.slice(2)))
} catch (error) {
  process.exitCode = report(error)
}

/** @param {import('quorate/lab').LabCommand} command */
async function run(command) {
  switch (command.command) {
    case 'up':
      return await up(command)
    case 'down':
      return await down(command)
    case 'ssh':
      return await ssh(command)
    case 'status':
      console.log(formatStatus(labStatus()))
      return 0
    case 'help':
      console.log(LAB_USAGE)
      return 0
  }
}

/** @param {{ name: string, hosts: number | readonly string[] }} options */
async function up({ name, hosts }) {
  const started = performance.now()
  const lab = await labUp({ name, hosts, log: (line) => console.error(line) })
  const option = name === 'default' ? '' : ` --name ${name}`
  for (const host of lab.hosts) console.log(`${host.name}  ${host.address}`)
  console.log(`
up in ${((performance.now() - started) / 1000).toFixed(1)} s; the inventory is ${lab.inventory}
  npm run lab -- ssh${option} ${lab.hosts[0]?.name}
  npm run lab -- down${option}`)
  return 0
}

/** @param {{ name: string, all: boolean }} options */
async function down({ name, all }) {
  const present = labStatus().map((lab) => lab.name)
  const names = all ? present : [name]
  for (const each of names) {
    await labDown(each)
    console.log(present.includes(each) ? `lab ${each} is gone` : `there is no lab named ${each}`)
  }
  if (names.length === 0) console.log('no lab is up')
  return 0
}

/** @param {{ name: string, host: string, remote: readonly string[] }} options */
async function ssh({ name, host, remote }) {
  const lab = await openLab(name)
  const { address } = lab.host(host)
  process.on('SIGINT', () => {}) // Ctrl-C is for the program on the host
  const child = spawn('ssh', [...sshArguments(lab), address, ...remote], { stdio: 'inherit' })
  return await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))
}

/** @param {unknown} error */
function report(error) {
  if (!(error instanceof Error) || !('hint' in error)) throw error
  console.error(error.message)
  if (error.hint) console.error(`    ${error.hint}`)
  if (error.name !== 'UsageError') return 1
  console.error('\nnpm run lab -- help says what there is.')
  return 2
}
