import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type Problem, UsageError } from '../errors.ts'

const SYSTEM_FILE = '/etc/ssh/ssh_config'
const SYSTEM_FOLDER = '/etc/ssh/ssh_config.d'
// Of hosts named unix/*, vsock/* and machine/*.
const ABOUT_NO_NETWORK = '20-systemd-ssh-proxy.conf'
const TELLING =
  /^\s*(?:addressfamily|certificatefile|connecttimeout|host(?:name|keyalias)|identit\w+|pkcs11provider|port|proxy\w+|stricthostkeychecking|user|\w+knownhostsfile)\b/im
const TELLING_INCLUDE = /^\s*include\s+(?!\/etc\/ssh\/ssh_config\.d\/\*\.conf|\/etc\/crypto-policies\/)/im

/** Lines of `ssh -G`: lower-case keywords, each with its values in order. */
export type SshValues = ReadonlyMap<string, readonly string[]>

/** Whether a configuration of OpenSSH says more about hosts than distributions ship. */
export function hasSshConfig(): boolean {
  // ssh itself goes by the user's entry in the password database, not by HOME.
  if (existsSync(join(userInfo().homedir, '.ssh', 'config'))) return true
  const more = existsSync(SYSTEM_FOLDER) ? readdirSync(SYSTEM_FOLDER) : []
  const files = more.filter((name) => name.endsWith('.conf') && name !== ABOUT_NO_NETWORK)
  return [SYSTEM_FILE, ...files.map((name) => join(SYSTEM_FOLDER, name))].filter(existsSync).some((file) => {
    const text = readFileSync(file, 'utf8')
    return TELLING.test(text) || TELLING_INCLUDE.test(text)
  })
}

const answers = new Map<string, Promise<SshValues>>()

/**
 * What ssh(1) would do with these arguments, by `ssh -G`: the one reader of its configuration that is always right.
 * The same question is asked once.
 *
 * @throws UsageError for a mistake in the configuration or in the arguments.
 */
export function querySsh(args: readonly string[]): Promise<SshValues> {
  const key = JSON.stringify(args)
  const answer = answers.get(key) ?? ask(args).then(parseSshValues)
  answers.set(key, answer)
  return answer
}

/** `port 22` and so on, a keyword a line. */
export function parseSshValues(text: string): SshValues {
  const values = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, keyword, value] = /^(\S+) (.*)$/.exec(line) ?? []
    if (keyword === undefined || value === undefined) continue
    values.set(keyword, [...(values.get(keyword) ?? []), value])
  }
  return values
}

function ask(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', ['-G', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk) => {
      said.stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      said.stderr += chunk
    })
    child.once('error', () => {
      const hint = 'Install the OpenSSH client, or do without ~/.ssh/config and ansible_ssh_*args.'
      reject(new UsageError([{ message: 'ssh is not installed: its configuration cannot be read', hint }]))
    })
    child.once('close', (code) => {
      if (code === 0) resolve(said.stdout)
      else reject(new UsageError([complaint(said.stderr, args.at(-1) ?? '')]))
    })
  })
}

/** `/root/.ssh/config: line 3: Bad configuration option: foo` */
function complaint(stderr: string, host: string): Problem {
  const first = stderr.split('\n').find((line) => line.trim() !== '' && !line.startsWith('Pseudo-terminal'))
  const [, file = '', line = '', message = ''] = /^(.*?):? line (\d+): (.*?)\.?\r?$/.exec(first ?? '') ?? []
  if (file.startsWith('/')) return { message, place: { file, line: Number(line) } }
  return {
    message: `ssh does not take the options for ${host}: ${message || first || 'it does not say why'}`,
  }
}
