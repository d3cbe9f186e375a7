import { QuorateError } from '../errors.ts'
import { type ShellValue, sh } from '../quote.ts'
import type { Connection } from '../transport/connection.ts'
import { within } from './within.ts'

/** What a command printed. */
export interface QueryResult {
  /** Without the closing newline. */
  readonly stdout: string
  readonly stderr: string
  readonly rc: number
  /** The lines of stdout; none where it is empty. */
  readonly lines: readonly string[]
}

/** A template that runs a read-only command on the host, every value quoted as one word. */
export interface Query {
  /** @throws QueryError where the command exits with anything but 0. */
  (pieces: TemplateStringsArray, ...values: ShellValue[]): Promise<QueryResult>
  /** The same, but a failing command is an answer too. */
  nothrow(pieces: TemplateStringsArray, ...values: ShellValue[]): Promise<QueryResult>
  /**
   * The same for commands that must end within some seconds; one that does not is ended, and throws.
   *
   * @example await query.within(5)`etcdctl endpoint health`
   */
  within(seconds: number): Query
}

/** A query's command failed. */
export class QueryError extends QuorateError {
  readonly rc: number
  readonly stderr: string

  constructor(command: string, { rc, stderr }: QueryResult) {
    super(`${command}: exit code ${rc}`)
    this.rc = rc
    this.stderr = stderr
  }
}

/**
 * `query` for one host.
 *
 * @param retrying Does work that only reads: once more where the host was lost and came back.
 */
export function createQuery(
  connection: Connection,
  retrying: <Result>(work: () => Promise<Result>) => Promise<Result>,
  seconds?: number,
): Query {
  const ask = async (command: string): Promise<QueryResult> => {
    const result = await retrying(() => within(connection, seconds, () => connection.run(command)))
    const stdout = result.stdout.toString().replace(/\n$/, '')
    return {
      stdout,
      stderr: result.stderr.toString(),
      rc: result.rc,
      lines: stdout === '' ? [] : stdout.split('\n'),
    }
  }
  const query = async (pieces: TemplateStringsArray, ...values: ShellValue[]): Promise<QueryResult> => {
    const command = sh(pieces, ...values).text
    const result = await ask(command)
    if (result.rc !== 0) throw new QueryError(command, result)
    return result
  }
  return Object.assign(query, {
    nothrow: (pieces: TemplateStringsArray, ...values: ShellValue[]) => ask(sh(pieces, ...values).text),
    within: (limit: number) => createQuery(connection, retrying, limit),
  })
}
