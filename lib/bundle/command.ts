import { parseArgs } from 'node:util'
import { type Problem, UsageError } from '../errors.ts'
import { didYouMean } from '../suggest.ts'
import { ARCHITECTURES, type Architecture } from './manifest.ts'

/** How `npm run bundle` is called. */
export const BUNDLE_USAGE = `Everything that hosts need for one Kubernetes version, so that they need no internet: binaries, and images as archives.

  npm run bundle -- --kubernetes v1.36.2 --out DIR            fetch it from the official locations
  npm run bundle -- --kubernetes v1.36.2 --out DIR --from DIR make it from files that are here already
  npm run bundle -- --verify DIR                              compare a bundle with its manifest

  --arch amd64|arm64     of the hosts (default: amd64)
  --mirror HOST=URL      go there instead of an official host, as in dl.k8s.io=https://mirror.example.com/k8s; repeatable

Every file is checked against the checksum that its project publishes. What was interrupted goes on where it stopped.
Behind a proxy: HTTPS_PROXY works with Node 24 and NODE_USE_ENV_PROXY=1; else fetch the files elsewhere and use --from.
For --from: files under the names of their downloads, images as NAME.tar, and their checksums in SHA256SUMS.`

/** What the user of `npm run bundle` asks for. */
export type BundleCommand =
  | { readonly command: 'help' }
  | { readonly command: 'verify'; readonly directory: string }
  | {
      readonly command: 'build'
      readonly kubernetes: string
      readonly architecture: Architecture
      readonly out: string
      readonly from: string | undefined
      readonly mirrors: Readonly<Record<string, string>>
    }

const OPTIONS = {
  kubernetes: { type: 'string' },
  arch: { type: 'string' },
  out: { type: 'string' },
  from: { type: 'string' },
  mirror: { type: 'string', multiple: true },
  verify: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Reads the arguments of `npm run bundle`. @throws UsageError with all that is wrong. */
export function parseBundleCommand(args: readonly string[]): BundleCommand {
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true })
  const problems = tokens.flatMap((token): Problem[] => {
    if (token.kind === 'positional') return [{ message: `'${token.value}' is one argument too many` }]
    if (token.kind !== 'option') return []
    if (!(token.name in OPTIONS))
      return [{ message: `there is no option ${token.rawName}`, hint: suggestion(token.rawName) }]
    return token.name !== 'help' && !token.value ? [{ message: `${token.rawName} needs a value` }] : []
  })
  requireNone(problems)
  if (args.length === 0 || values.help === true) return { command: 'help' }
  const given = values as Readonly<Record<string, string | undefined>>
  if (given.verify === undefined) return parseBuild(given, values.mirror as string[] | undefined)
  const others = Object.keys(values).filter((name) => name !== 'verify')
  requireNone(others.map((name) => ({ message: `--verify and --${name} exclude each other` })))
  return { command: 'verify', directory: given.verify }
}

function parseBuild(
  { kubernetes, out, from, arch = 'amd64' }: Readonly<Record<string, string | undefined>>,
  mirror: readonly string[] = [],
): BundleCommand {
  const problems: Problem[] = []
  if (kubernetes === undefined)
    problems.push({ message: '--kubernetes is missing', hint: 'as in: --kubernetes v1.36.2' })
  if (out === undefined) problems.push({ message: '--out is missing: the directory of the bundle' })
  const architecture = ARCHITECTURES.find((known) => known === arch)
  if (architecture === undefined) {
    problems.push({
      message: `'${arch}' is no architecture that bundles are made for`,
      hint: didYouMean(arch, ARCHITECTURES),
    })
  }
  const mirrors = mirror.map((text) => /^([^=/]+)=(https?:\/\/.+)$/.exec(text)?.slice(1) ?? text)
  for (const text of mirrors.filter((found) => typeof found === 'string')) {
    problems.push({
      message: `--mirror '${text}' is no HOST=URL`,
      hint: 'as in: --mirror dl.k8s.io=https://mirror.example.com/k8s',
    })
  }
  requireNone(problems)
  return {
    command: 'build',
    kubernetes: kubernetes as string,
    architecture: architecture as Architecture,
    out: out as string,
    from,
    mirrors: Object.fromEntries(mirrors as string[][]),
  }
}

function suggestion(option: string): string {
  return didYouMean(
    option,
    Object.keys(OPTIONS).map((name) => `--${name}`),
  )
}

function requireNone(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new UsageError(problems)
}
