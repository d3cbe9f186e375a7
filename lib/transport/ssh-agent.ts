import type { BaseAgent, ParsedKey } from 'ssh2'
import ssh2 from 'ssh2'

/** An agent of which only some keys count, as IdentitiesOnly wants it: servers take no more than a few attempts. */
export function agentWithKeys(socket: string, publicKeys: readonly Buffer[]): BaseAgent {
  const agent = ssh2.createAgent(socket)
  const list = agent.getIdentities.bind(agent)
  agent.getIdentities = (done) =>
    list((error, keys = []) => {
      const isWanted = (key: ParsedKey) => publicKeys.some((wanted) => wanted.equals(key.getPublicSSH()))
      if (error) done(error)
      else done(null, (keys as ParsedKey[]).filter(isWanted))
    })
  return agent
}

/** The public keys that an agent holds; none where it does not answer. */
export function agentKeys(socket: string): Promise<readonly Buffer[]> {
  return new Promise((resolve) => {
    ssh2.createAgent(socket).getIdentities((error, keys = []) => {
      resolve(error ? [] : (keys as ParsedKey[]).map((key) => key.getPublicSSH()))
    })
  })
}
