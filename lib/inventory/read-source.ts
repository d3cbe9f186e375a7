import { readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import type { Draft } from './draft.ts'
import { readHostList } from './host-list.ts'
import { readIni } from './ini.ts'
import type { Source } from './sources.ts'

const YAML_EXTENSIONS = ['.yml', '.yaml', '.json']
const MODULE_EXTENSIONS = ['.mjs', '.js', '.ts', '.mts']
/** Nothing that holds no such line can be a mapping in YAML. */
const LIKE_YAML = /^(?:---|\{|[^\s#][^\n]*:(?:\s|$))/m
const SCRIPT = /^(?:#!|\x7fELF)/
const ENCRYPTED = /^\s*(?:\$ANSIBLE_VAULT;|-----BEGIN AGE ENCRYPTED|age-encryption\.org)/

/**
 * Reads one source into the draft, in the format that Ansible would find: an executable is run; `.yml`, `.yaml` and
 * `.json` are YAML; a file without extension is YAML if it is a mapping; all others are INI. Beyond Ansible: `.mjs`,
 * `.js`, `.mts` and `.ts` are modules with a default export. What is encrypted as a whole is decrypted first.
 */
export async function readSource(draft: Draft, { kind, name }: Source): Promise<void> {
  if (kind === 'hosts') return readHostList(draft, name)
  const extension = extname(name)
  const bytes = readBytes(draft, name)
  if (bytes === undefined) return
  if (SCRIPT.test(bytes.toString('latin1', 0, 4)) && isExecutable(name)) {
    const { readScript } = await import('./script.ts')
    return await readScript(draft, name)
  }
  if (MODULE_EXTENSIONS.includes(extension)) {
    const { readModule } = await import('./module.ts')
    return await readModule(draft, name)
  }
  if (extension === '.toml') return refuseToml(draft, name)
  if (ENCRYPTED.test(bytes.toString('latin1', 0, 64))) {
    const { readEncryptedSource } = await import('./encrypted-source.ts')
    const source = { file: name, text: bytes.toString('utf8') }
    return await readEncryptedSource(draft, source, (plain) => readText(draft, name, plain))
  }
  await readText(draft, name, bytes)
}

async function readText(draft: Draft, name: string, bytes: Buffer): Promise<void> {
  const extension = extname(name)
  const text = extension === '' || YAML_EXTENSIONS.includes(extension) ? bytes.toString('utf8') : ''
  if (YAML_EXTENSIONS.includes(extension) || LIKE_YAML.test(text)) {
    const [yaml, { readYaml }] = await Promise.all([import('yaml'), import('./yaml-inventory.ts')])
    if (readYaml(draft, yaml, { file: name, text }, extension !== '')) return
  }
  readIni(draft, bytes, name)
}

function readBytes(draft: Draft, path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const hint = 'Check its permissions.'
    draft.problems.push({ message: `the inventory ${path} cannot be read: ${code}`, hint })
    return undefined
  }
}

function isExecutable(path: string): boolean {
  return (statSync(path).mode & 0o111) !== 0
}

function refuseToml(draft: Draft, path: string): void {
  draft.problems.push({
    message: `the inventory ${path} is TOML, which is not read`,
    hint: `Convert it: ansible-inventory -i ${path} --list --export --yaml > hosts.yml`,
  })
}
