import { randomBytes } from 'node:crypto'
import { type Resource, Script, Secret, sh, step } from '../../lib/index.ts'
import { kubectl } from './node-state.ts'
import { TOKEN_DESCRIPTION } from './paths.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
/** Minutes that a token lives, should nobody delete it: hosts join one by one. */
const LIFETIME_MINUTES = 60

/** A bootstrap token: `abcdef.0123456789abcdef`. */
export interface BootstrapToken {
  readonly id: string
  readonly value: Secret
}

export function newToken(): BootstrapToken {
  const id = randomText(6)
  return { id, value: new Secret(`${id}.${randomText(16)}`) }
}

/** For kubeadm's own configuration. */
export const TOKEN_TTL = `${LIFETIME_MINUTES}m0s`

export function tokenSecretName({ id }: BootstrapToken): string {
  return `bootstrap-token-${id}`
}

/**
 * Makes the cluster accept the token; it gets there by stdin.
 *
 * @param provisional In check mode: the run makes a token of its own.
 */
export function acceptedToken(token: BootstrapToken, apiServer: string, provisional: boolean): Resource {
  const ctl = kubectl(apiServer)
  return step('bootstrap token for this run', {
    done: `${ctl} -n kube-system get secret ${tokenSecretName(token)}`,
    run: `${ctl} create -f -`,
    input: new Secret(JSON.stringify(tokenSecret(token, new Date(Date.now() + LIFETIME_MINUTES * 60_000)))),
    provisional,
  })
}

/** Deletes secrets of kube-system, with the tokens that only limit their lifetime: ours, also of runs that were interrupted. */
export function deletedSecrets(names: readonly string[], apiServer: string): Resource {
  const ctl = new Script(`${kubectl(apiServer)} -n kube-system`)
  const list = [...names]
  return step('delete what only lets hosts in', {
    done: sh`[ -z "$(${ctl} get secrets --ignore-not-found -o name ${list})" ]`,
    run: sh`owners=$(for name in ${list}; do ${ctl} get secret --ignore-not-found "$name" -o 'jsonpath={.metadata.ownerReferences[*].name}{" "}'; done)
${ctl} delete secrets --ignore-not-found ${list} $owners`,
  })
}

/** A host that joins under this name is a new node: a node that is Ready could not be replaced. */
export function forgottenNode(name: string, apiServer: string): Resource {
  const ctl = new Script(kubectl(apiServer))
  return step(`forget the node that ${name} was`, {
    done: sh`[ -z "$(${ctl} get node --ignore-not-found -o name ${name})" ]`,
    run: sh`${ctl} delete node ${name}`,
  })
}

function tokenSecret({ id, value }: BootstrapToken, expiration: Date): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': id,
      'token-secret': value.reveal().split('.')[1],
      expiration: expiration.toISOString().replace(/\.\d+/, ''),
      description: TOKEN_DESCRIPTION,
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    },
  }
}

/** Without the bias of a plain modulo. */
function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length))
      if (byte < 252 && text.length < length) text += ALPHABET[byte % 36]
  }
  return text
}
