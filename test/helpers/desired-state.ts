import fc from 'fast-check'
import type { Resource } from '../../lib/engine/resource.ts'
import {
  absent,
  block,
  directory,
  file,
  group,
  line,
  pkg,
  service,
  step,
  symlink,
  sysctl,
  unit,
  user,
} from '../../lib/resources/index.ts'
import { Secret } from '../../lib/secret.ts'

type Make = () => Resource

const FOLDERS = ['a', 'a/x']
const NAMES = ['b', 'c', 'a/y', 'a/x/z']
// Lines are not for a file that a `file` writes.
const EDITED = ['list', 'a/list']
const mode = fc.constantFrom(0o644, 0o600, 0o755)
const owner = fc.constantFrom('root', 'daemon')
const content = fc.constantFrom('', 'one\n', 'one\ntwo\n', 'long '.repeat(60_000), 'key=1\n# comment\n')

/** Files of every kind below a folder: few paths, so that one is in the way of the other. */
export function desiredFiles(folder: string): fc.Arbitrary<Make> {
  const oneOf = (...names: string[]) => fc.constantFrom(...names).map((name) => `${folder}/${name}`)
  const [folders, written, edited] = [oneOf(...FOLDERS), oneOf(...NAMES), oneOf(...EDITED)]
  return fc.oneof(
    fc.tuple(written, content, mode, owner).map(
      ([at, text, bits, who]) =>
        () =>
          file(at, { content: text, mode: bits, owner: who }),
    ),
    written.map((at) => () => file(at, { content: new Secret('a secret of the generated kind') })),
    fc.tuple(folders, mode, owner).map(
      ([at, bits, who]) =>
        () =>
          directory(at, { mode: bits, owner: who }),
    ),
    fc.tuple(oneOf('b', 'c', 'a/y'), fc.constantFrom('a', 'b', '/nowhere')).map(
      ([at, target]) =>
        () =>
          symlink(at, { target }),
    ),
    fc.tuple(edited, fc.nat(3)).map(
      ([at, value]) =>
        () =>
          line(at, { line: `key=${value}`, match: /^key=/ }),
    ),
    fc.tuple(edited, fc.constantFrom('one', 'two\nthree')).map(
      ([at, text]) =>
        () =>
          block(at, { marker: 'ours', content: text }),
    ),
    fc.oneof(written, edited, folders).map((at) => () => absent(at)),
    fc.nat(2).map((number) => () => {
      const stamp = `${folder}/stamp-${number}`
      return step(`stamp ${number}`, { done: `test -e ${stamp}`, run: `touch ${stamp}` })
    }),
  )
}

/** Accounts, kernel parameters, units and packages of a host that is ours. */
export const desiredSystem: fc.Arbitrary<Make> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('amy', 'bob'),
      fc.constantFrom('/bin/sh', '/bin/bash'),
      fc.constantFrom([], ['audio']),
    )
    .map(
      ([name, shell, groups]) =>
        () =>
          user(name, { shell, groups }),
    ),
  fc.constantFrom('amy', 'bob').map((name) => () => user(name, { state: 'absent' })),
  fc.tuple(fc.constantFrom('crew', 'team'), fc.constantFrom('present', 'absent')).map(
    ([name, state]) =>
      () =>
        group(name, { state: state as 'present' }),
  ),
  fc.tuple(fc.constantFrom(20_000, 21_000), fc.constantFrom(60_000, 61_000)).map(
    ([low, high]) =>
      () =>
        sysctl('net.ipv4.ip_local_port_range', `${low} ${high}`),
  ),
  fc
    .nat(1)
    .map(
      (number) => () =>
        unit(
          'sleeper',
          `[Service]\nExecStart=/bin/sleep 100${number}\n[Install]\nWantedBy=multi-user.target\n`,
        ),
    ),
  fc.tuple(fc.boolean(), fc.constantFrom('running', 'stopped')).map(
    ([enabled, state]) =>
      () =>
        service('sleeper', {
          enabled,
          state: state as 'running',
          restartOn: ['/etc/systemd/system/sleeper.service'],
        }),
  ),
)

/** Now and then a package comes or goes: slow, so on its own. */
export const desiredPackage: fc.Arbitrary<Make> = fc
  .constantFrom('present', 'absent')
  .map((state) => () => pkg('hello', { state: state as 'present' }))
