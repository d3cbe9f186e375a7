// @ts-check
// An sshd for thousands of hosts, to measure the control process alone: node canned-hosts.mjs FOLDER. Listens on all of
// 127.0.0.0/8, so that each host has an address of its own, lets everybody in, and answers a script as this machine
// did when it was asked the first time.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssh2 from 'ssh2'

const [folder = ''] = process.argv.slice(2)
const { private: hostKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519')
const userKey = ssh2.utils.generateKeyPairSync('ed25519').private
/** @type {Map<string, { stdout: string, stderr: string, rc: number }>} */
const answers = new Map()

const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
  client.on('error', () => {})
  client.on('authentication', (context) => context.accept())
  client.on('session', (acceptSession) => {
    acceptSession().on('exec', (acceptExec, _reject, { command }) => serve(acceptExec(), command))
  })
})
server.listen(0, '0.0.0.0', () => {
  writeFileSync(join(folder, 'canned-key'), userKey, { mode: 0o600 })
  console.log(
    JSON.stringify({
      port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
      publicKey,
      key: join(folder, 'canned-key'),
    }),
  )
})

/**
 * @param {import('ssh2').ServerChannel} channel
 * @param {string} command The bootstrap of lib/transport, with the tag that ends its facts.
 */
function serve(channel, command) {
  const tag = /printf '\\*n%s 0\\*n' ([0-9a-f]{32})/.exec(command.replace(/'\\''/g, "'"))?.[1] ?? ''
  const start = command.replace(/'\\''/g, "'")
  const facts = answer('facts', () =>
    start.slice(start.indexOf('\n(') + 1, start.indexOf(') 2>/dev/null') + 13),
  )
  channel.write(`${facts.stdout.replace(/^\n\S+:facts/, `\n${tag}:facts`)}\n${tag} 0\n`)
  channel.stderr.write(`\n${tag} \n`)
  let text = ''
  channel.on('data', (/** @type {Buffer} */ chunk) => {
    text += chunk.toString('latin1')
    const pieces = text.split(/printf '\\n%s %s\\n' (\S+) "\$__q"; printf '\\n%s \\n' \S+ >&2\n/)
    text = pieces.pop() ?? ''
    for (let index = 0; index + 1 < pieces.length; index += 2) {
      const script = pieces[index] ?? ''
      const { stdout, stderr, rc } = answer(script, () => `${script}exit $__q`)
      channel.write(`${stdout}\n${pieces[index + 1]} ${rc}\n`)
      channel.stderr.write(`${stderr}\n${pieces[index + 1]} \n`)
    }
  })
  channel.on('end', () => {
    channel.exit(0)
    channel.end()
  })
}

/**
 * @param {string} key
 * @param {() => string} script
 */
function answer(key, script) {
  // It names its host, so that none is like another; and this machine must not be locked.
  if (key.includes('quorate.lock')) return { stdout: 'held\n', stderr: '', rc: 0 }
  const known = answers.get(key)
  if (known !== undefined) return known
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script()], { encoding: 'latin1' })
  const fresh = { stdout, stderr, rc: status ?? 1 }
  answers.set(key, fresh)
  return fresh
}
