import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { QuorateError } from '../errors.ts'
import { execInHost, isUp } from './host.ts'
import { waitUntil } from './run.ts'
import { hostPaths, type LabRecord } from './state.ts'

/**
 * Waits until a host has booted and its sshd answers.
 *
 * @throws QuorateError with the end of the host's console when it ends, or does not get there in time.
 */
export async function waitUntilReady(
  lab: LabRecord,
  { name, address }: LabRecord['hosts'][number],
): Promise<void> {
  const seconds = bootSeconds(lab)
  const appeared = await waitUntil(() => isUp(lab.name, name), 10)
  const ended = () => !isUp(lab.name, name)
  const booted = async () =>
    ended() || ((await answersSsh(address)) && (await hasBooted(lab.name, name, seconds)))
  if (appeared && (await waitUntil(booted, seconds)) && !ended()) return
  throw notReady(lab.name, name, seconds)
}

/** A unit that fails does not make a host useless: `degraded` will do. */
async function hasBooted(lab: string, host: string, seconds: number): Promise<boolean> {
  const { stdout } = await execInHost(lab, host, `timeout ${seconds} systemctl is-system-running --wait`)
  return ['running', 'degraded'].includes(stdout.trim())
}

/** How long hosts may take: they share this machine's cores. */
function bootSeconds({ hosts }: LabRecord): number {
  return 60 + 10 * hosts.length
}

function answersSsh(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 })
    const done = (answers: boolean) => {
      socket.destroy()
      resolve(answers)
    }
    socket.once('data', (banner) => done(String(banner).startsWith('SSH-')))
    for (const event of ['error', 'timeout', 'end']) socket.once(event, () => done(false))
  })
}

function notReady(lab: string, host: string, seconds: number): QuorateError {
  const file = hostPaths(lab, host).console
  const console = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const end = console.replace(/\r/g, '').trim().split('\n').slice(-20)
  const state = isUp(lab, host) ? `is not ready after ${seconds} s` : 'does not run'
  return new QuorateError(`host ${host} of lab ${lab} ${state}; the end of its console:\n${end.join('\n')}`)
}
