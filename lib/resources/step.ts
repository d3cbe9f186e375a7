import { callPlace } from '../engine/place.ts'
import type { Change, Resource } from '../engine/resource.ts'
import { within } from '../engine/within.ts'
import { QuorateError } from '../errors.ts'
import { type Script, sh } from '../quote.ts'
import { revealText, Secret } from '../secret.ts'
import type { Connection } from '../transport/connection.ts'
import { commandNeed, commandProbe } from './probes/command.ts'
import { runScript } from './write.ts'

export interface StepOptions {
  /** Read-only script; exit code 0 says that nothing is left to do. It runs in check mode too. */
  readonly done: string | Script
  /** Script that does it, or a function where the control machine has a part in it. Run again after an interruption, it must be able to finish. */
  readonly run: string | Script | ((connection: Connection) => Promise<void>)
  /** What the script reads from its stdin; a `Secret` gets there without touching a command line. @default nothing */
  readonly input?: string | Secret
  /** In check mode, where the input is only a stand-in for what the run will make (a token). @default false */
  readonly provisional?: boolean
  /** Seconds that `run` may take; then all that it has started is ended, and the step fails. @default as long as it takes */
  readonly timeout?: number
}

/**
 * Anything that no other resource says, with its own check: it runs only where `done` fails, and `done` has to hold
 * when it has run.
 *
 * @example step('join the cluster', { done: 'test -e /etc/kubernetes/kubelet.conf', run: sh`kubeadm join ${endpoint}` })
 */
export function step(name: string, { done, run, input, provisional, timeout }: StepOptions): Resource {
  const check = String(done)
  if (name === '') throw new QuorateError('step: give it a name that says what it does')
  for (const [field, script] of Object.entries({ done, run })) requireScript(name, field, script)
  if (typeof run === 'function' && input !== undefined) {
    throw new QuorateError(`step ${name}: input is for a script; a function can pass its own`)
  }
  const change: Change = {
    summary: 'run',
    action: limited(actionOf(name, check, run, input), timeout),
    effects: { unknown: 'everything', known: [[commandNeed(check), true]] },
    ...(provisional && { provisional }),
  }
  return {
    kind: 'step',
    name,
    place: callPlace(),
    needs: () => [commandNeed(check)],
    plan: (observed) => (observed.get(commandProbe, check) ? [] : [change]),
  }
}

function requireScript(name: string, field: string, script: StepOptions['run']): void {
  if (typeof script === 'function' || String(script).trim() !== '') return
  throw new QuorateError(`step ${name}: ${field} is an empty script`)
}

function limited(action: Change['action'], seconds: number | undefined): Change['action'] {
  if (seconds === undefined) return action
  const work = typeof action === 'string' ? (host: Connection) => runScript(host, action) : action
  return (connection) => within(connection, seconds, () => work(connection))
}

function actionOf(
  name: string,
  check: string,
  run: StepOptions['run'],
  input: StepOptions['input'],
): Change['action'] {
  const verify = sh`(eval ${check}) </dev/null >/dev/null || {
  echo ${`step ${name} ran, but its check still says it is not done`} >&2
  exit 1
}`.text
  if (typeof run === 'function') {
    return async (connection) => {
      await run(connection)
      await runScript(connection, verify)
    }
  }
  // printf is built into the shell: the input is in no argument list.
  const script = () =>
    `${sh`printf %s ${revealText(input ?? '')} | (eval ${String(run)}) || exit`.text}\n${verify}`
  // A secret's script is made when it is sent, so that no plan ever holds it.
  return input instanceof Secret ? (connection) => runScript(connection, script()) : script()
}
