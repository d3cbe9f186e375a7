import { type ConvergeOptions, converge, label } from '../../lib/engine/converge.ts'
import type { Resource } from '../../lib/engine/resource.ts'
import type { Lab } from '../../lib/lab/index.ts'
import type { Connection } from '../../lib/transport/connection.ts'
import { connect } from '../../lib/transport/index.ts'

/** A connection as root to a host of a lab. */
export function connectToLab(lab: Lab, host: string): Promise<Connection> {
  return connect(
    { transport: 'ssh', host: lab.host(host).address, port: 22, user: 'root', privateKeyFile: lab.key },
    { name: host, knownHostsFile: lab.knownHosts },
  )
}

/** Brings a host to the desired state; the changes that were made, as people read them. */
export async function changesOf(
  connection: Connection,
  resources: readonly Resource[],
  options: ConvergeOptions = {},
): Promise<string[]> {
  const changes: string[] = []
  await converge(connection, resources, {
    ...options,
    onChange: (resource, { summary }, after) =>
      changes.push(`${label(resource)}: ${summary}${after === undefined ? '' : ` (after ${after})`}`),
  })
  return changes
}

// The locks of apt and dpkg are those of fcntl, which no shell tool takes.
const HOLD = `use Fcntl; open(F, "+>>", $ARGV[0]) or die;
my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
fcntl(F, F_SETLK, $lock) or die;
open(M, ">", "/root/held"); sleep 3; unlink "/root/held"`

/** Holds a lock on a host for some seconds; the answer tells whether it has been released since. */
export async function holdLock(lab: Lab, host: string, path: string): Promise<() => Promise<boolean>> {
  const start = `perl -e '${HOLD}' ${path} >/dev/null 2>&1 &\nuntil [ -e /root/held ]; do sleep 0.1; done`
  await lab.exec(host, start)
  return async () => (await lab.exec(host, 'ls /root/held')).rc !== 0
}
