import { absent, directory, file, type Resource } from '../../lib/index.ts'
import { CERTS_DIR, HUB, MARK } from './config.ts'
import type { ContainerdVars, Mirror } from './vars.ts'

/** A hosts.toml for each registry with mirrors; none any more for those that had one from us. containerd reads them at each pull. */
export function registryFiles(
  { mirrors }: Pick<ContainerdVars, 'mirrors'>,
  present: readonly string[],
): Resource[] {
  const stale = present.filter((name) => mirrors[name] === undefined)
  return [
    directory(CERTS_DIR),
    ...Object.entries(mirrors).flatMap(([name, endpoints]) => [
      directory(`${CERTS_DIR}/${name}`),
      ...endpoints.flatMap(({ ca }, index) =>
        ca === undefined ? [] : [file(caFile(name, index), { content: ca })],
      ),
      file(hostsFile(name), { content: hostsToml(name, endpoints) }),
    ]),
    ...stale.map((name) => absent(hostsFile(name))),
  ]
}

/** The registry's own server comes last, after every mirror. */
export function hostsToml(name: string, endpoints: readonly Mirror[]): string {
  const server = name === 'docker.io' ? HUB : name
  return [
    `${MARK}: the next run undoes what is changed here.\n`,
    ...(name === '_default' ? [] : [`server = "https://${server}"\n`]),
    ...endpoints.map(({ url, ca, skipVerify, overridePath }, index) =>
      [
        `[host.${JSON.stringify(url)}]\n`,
        'capabilities = ["pull", "resolve"]\n',
        ...(ca === undefined ? [] : [`ca = ${JSON.stringify(caFile(name, index))}\n`]),
        ...(skipVerify ? ['skip_verify = true\n'] : []),
        ...(overridePath ? ['override_path = true\n'] : []),
      ].join(''),
    ),
  ].join('\n')
}

function hostsFile(name: string): string {
  return `${CERTS_DIR}/${name}/hosts.toml`
}

function caFile(name: string, index: number): string {
  return `${CERTS_DIR}/${name}/ca-${index + 1}.crt`
}
