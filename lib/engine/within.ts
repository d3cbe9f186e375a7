import { QuorateError } from '../errors.ts'
import type { Connection } from '../transport/connection.ts'

/**
 * Does `work` on a host, which must end within some seconds. If it does not, the connection is closed, which ends every
 * process that was started over it: no other way reaches all of them.
 *
 * @param seconds Undefined: as long as it takes.
 * @throws QuorateError when the time is over.
 */
export async function within<Result>(
  connection: Connection,
  seconds: number | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (seconds === undefined) return work()
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new QuorateError(`timed out after ${seconds} s; its processes were ended`))
      void connection.close()
    }, seconds * 1000)
  })
  const result = work()
  // When the connection is closed it fails as well, and nobody listens any more.
  result.catch(() => {})
  return await Promise.race([result, over]).finally(() => clearTimeout(timer))
}
