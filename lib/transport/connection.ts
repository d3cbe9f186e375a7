import type { Readable } from 'node:stream'

/** What a script printed, byte for byte, and its exit code. */
export interface ScriptResult {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly rc: number
}

export interface RunOptions {
  /** Called with output while the script still runs. */
  readonly onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void
}

export interface RunAllOptions {
  /** Leave out the scripts behind the first one that fails. Default: false. */
  readonly stopOnError?: boolean
  /** Called with output while the script at `index` still runs. */
  readonly onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr', index: number) => void
  /** Called as each result arrives, in order. */
  readonly onResult?: (result: ScriptResult, index: number) => void
}

export interface UploadOptions {
  /** Permissions of the new file. Default: 0o600. */
  readonly mode?: number
}

/** An open way to one host. All transports offer exactly this. */
export interface Connection {
  /** What the host said about itself when the connection was opened. */
  readonly facts: Facts
  /** Runs one POSIX sh script; a non-zero exit code is a result, not an error. */
  run(script: string, options?: RunOptions): Promise<ScriptResult>
  /** Runs scripts one after the other in one round trip; fewer results than scripts where one failed and `stopOnError` is set. */
  runAll(scripts: readonly string[], options?: RunAllOptions): Promise<ScriptResult[]>
  /** Streams a file of the control machine (or a stream) to a path on the host, however large. */
  upload(source: string | Readable, path: string, options?: UploadOptions): Promise<void>
  close(): Promise<void>
}

/** An address of one of the host's network interfaces. */
export interface InterfaceAddress {
  readonly interface: string
  readonly address: string
  readonly prefix: number
}

/** A mounted local filesystem. */
export interface Mount {
  readonly path: string
  readonly availableKb: number
}

/** What a host is, gathered with the first round trip. */
export interface Facts {
  readonly hostname: string
  /** ID, VERSION_ID and ID_LIKE of /etc/os-release: `debian`, `12`, `[]`. */
  readonly os: { readonly id: string; readonly version: string; readonly like: readonly string[] }
  /** `uname -m`: `x86_64`, `aarch64`. */
  readonly architecture: string
  readonly kernel: string
  readonly packageManager: 'apt' | 'dnf' | 'yum' | 'none'
  readonly systemd: boolean
  /** The user that scripts run as, after become. */
  readonly user: string
  readonly cpus: number
  readonly memoryKb: number
  readonly addresses: readonly InterfaceAddress[]
  readonly mounts: readonly Mount[]
}
