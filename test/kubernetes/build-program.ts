import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../lib/lab/run.ts'
import type { Program } from './recipe.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** The file or folder that a program is built from. */
export function sourceOf({ package: goPackage, source }: Program): string {
  return goPackage === undefined ? join(HERE, source) : join(HERE, 'modules', source)
}

/** The command that builds a program, statically and the same way each time. */
export function buildCommand(program: Program, output: string): string[] {
  const { package: goPackage, tags = [], cgo = false, stamps = {} } = program
  const source = sourceOf(program)
  if (goPackage === undefined)
    return ['gcc', '-O2', '-Wall', '-Werror', '-static', '-s', '-o', output, source]
  const flags = Object.entries(stamps).map(([variable, value]) => `-X ${variable}=${value}`)
  const linker = ['-s', '-w', ...flags, ...(cgo ? ['-extldflags -static'] : [])]
  return [
    ...['env', `CGO_ENABLED=${cgo ? 1 : 0}`, 'GOOS=linux', 'GOWORK=off'],
    ...['go', '-C', source, 'build', '-p', '2', '-trimpath', '-buildvcs=false'],
    ...(tags.length === 0 ? [] : ['-tags', tags.join(',')]),
    ...['-ldflags', linker.join(' '), '-o', output, goPackage],
  ]
}

/** Builds a program; others on this machine go first. What was compiled before an interruption is not compiled again. */
export async function buildProgram(program: Program, output: string): Promise<void> {
  await run('nice', ['-n', '19', ...buildCommand(program, output)])
}
