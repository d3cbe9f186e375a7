import fc from 'fast-check'

const GROUPS = ['a', 'b', 'c', 'd', 'kube-master', 'x.y', '9', 'ungrouped']
const HOSTS = [
  ...[
    'h1',
    'h2',
    'h3',
    'h4',
    'a',
    'web[1:3]',
    'n[01:05:2]',
    'd-[a:c].x',
    'e[2:1]',
    'p[1:2]q[a:b]',
    '10.0.0.1',
    'h1:22',
  ],
  ...[
    'h2:0',
    '[::1]:22',
    'fe80::1',
    'u@h',
    'h:x',
    'h*',
    'k=v',
    '10.0.0.[1:2]',
    '2001:db8::[1:2]',
    'localhost',
    'w[:2]:22',
  ],
]
const KEYS = ['x', 'y', 'z', 'a-b', 'ansible_port', 'ansible_group_priority']
const LITERALS = [
  ...[
    '1',
    '01',
    '0x1f',
    '1_000',
    '1.10',
    '.5',
    '1e3',
    '-1',
    '1,2',
    'True',
    'true',
    'yes',
    'None',
    '()',
    '[]',
    '{}',
    "''",
  ],
  ...[
    '[1, 2]',
    "{'k': [None, 'v']}",
    "('a',)",
    '"q"',
    "'s'",
    'b"b"',
    'x#y',
    'x # y',
    '1 # y',
    '"a#b"',
    "'it''s'",
    'a=b',
  ],
  ...[
    '\\',
    '\\"',
    '"',
    "'",
    '{{ v }}',
    '#',
    ';',
    '~',
    '...',
    'é',
    '0777',
    '00',
    '1__0',
    '5 # "',
    '[1',
    '1]',
    "u'u'",
    '""""""',
  ],
]
const SPECIAL = [...'"\'\\#=[](){},:;. _-+0123456789abexjoTrueNone\t|&!~*?']

const groupName = fc.constantFrom(...GROUPS)
const noise = fc.string({ unit: fc.constantFrom(...SPECIAL), maxLength: 8 })
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...LITERALS) },
  { weight: 2, arbitrary: noise },
)
const quoted = fc
  .tuple(value, fc.constantFrom('', '', '"', "'", '"\'', '\'"'))
  .map(([text, quote]) => `${quote}${text}${[...quote].reverse().join('')}`)
const setting = fc.tuple(fc.constantFrom(...KEYS), quoted).map(([key, text]) => `${key}=${text}`)
const comment = fc.constantFrom('', '', '', ' # c', '  #c', '#c')
const indent = fc.constantFrom('', '', ' ', '\t')

const hostLine = fc
  .tuple(indent, fc.constantFrom(...HOSTS), fc.array(setting, { maxLength: 3 }), comment)
  .map(([space, host, settings, end]) => `${space}${[host, ...settings].join(' ')}${end}`)
const varLine = fc
  .tuple(fc.constantFrom(...KEYS), fc.constantFrom('=', ' = ', '= '), quoted, comment)
  .map((parts) => parts.join(''))
const childLine = fc.tuple(groupName, comment).map((parts) => parts.join(''))
const oddLine = fc.oneof(fc.constantFrom('', '# c', '; c', '   ', '[a', '[a:b:c]', '[a] ; c', '[]'), noise)

const section = fc.oneof(
  { weight: 4, arbitrary: sectionOf('', hostLine) },
  { weight: 2, arbitrary: sectionOf(':vars', varLine) },
  { weight: 2, arbitrary: sectionOf(':children', childLine) },
)

function sectionOf(kind: string, line: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  const body = fc.oneof({ weight: 12, arbitrary: line }, { weight: 1, arbitrary: oddLine })
  return fc
    .tuple(groupName, comment, fc.array(body, { maxLength: 4 }))
    .map(([name, end, lines]) => [`[${name}${kind}]${end}`, ...lines])
}

/** An inventory in INI, mostly right. */
export const iniText: fc.Arbitrary<string> = fc
  .tuple(fc.array(hostLine, { maxLength: 2 }), fc.array(section, { maxLength: 6 }))
  .map(([first, sections]) => [...first, ...sections.flat()].join('\n'))
  // A range this long would keep Ansible busy.
  .filter((text) => !/\d{5}/.test(text))

/** An inventory in INI without errors: groups that contain later ones only, plain values. */
export const plainIni: fc.Arbitrary<string> = fc
  .array(
    fc.record({
      hosts: fc.uniqueArray(fc.constantFrom(...HOSTS.slice(0, 11)), { maxLength: 4 }),
      vars: fc.dictionary(
        fc.constantFrom('x', 'y', 'ansible_group_priority'),
        fc.integer({ min: -9, max: 9 }),
      ),
      children: fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((groups) =>
    groups
      .flatMap(({ hosts, vars, children }, index) => [
        `[g${index}]`,
        ...hosts.map((host) => (host === 'a' ? 'ha' : host)),
        `[g${index}:vars]`,
        ...Object.entries(vars).map(([key, item]) => `${key}=${item}`),
        `[g${index}:children]`,
        ...children.filter((child) => child > index && child < groups.length).map((child) => `g${child}`),
      ])
      .join('\n'),
  )

const scalar = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'0123456789_.+-eExob'), minLength: 1, maxLength: 7 }),
  fc.string({ unit: fc.constantFrom(...'0123456789:.'), minLength: 1, maxLength: 8 }),
  fc.constantFrom(
    'yes',
    'No',
    'on',
    'OFF',
    'y',
    'n',
    'true',
    'TRUE',
    '~',
    'null',
    'Null',
    '',
    '.inf',
    '-.INF',
    "'1'",
    '"\\n"',
    '[1, a]',
    '{k: no}',
    '!unsafe x',
    '==',
  ),
)
const yamlVars = fc.array(fc.tuple(fc.constantFrom('x', 'y', 'z'), scalar), { maxLength: 3 })
const yamlHosts = fc.array(fc.tuple(fc.constantFrom('h1', 'h2', 'w[1:2]', 'h3:22', '10.0.0.1'), yamlVars), {
  maxLength: 3,
})
const yamlGroup = fc.record({
  hosts: yamlHosts,
  vars: yamlVars,
  children: fc.uniqueArray(groupName, { maxLength: 2 }),
})

/** An inventory in YAML with scalars of every kind. */
export const yamlText: fc.Arbitrary<string> = fc
  .uniqueArray(fc.tuple(groupName, yamlGroup), { selector: ([name]) => name, minLength: 1, maxLength: 4 })
  .map((groups) => groups.map(([name, group]) => yamlOf(name, group)).join(''))

function yamlOf(
  name: string,
  { hosts, vars, children }: typeof yamlGroup extends fc.Arbitrary<infer T> ? T : never,
): string {
  const settings = (list: readonly (readonly [string, string])[], space: string) =>
    [...new Map(list)].map(([key, text]) => `${space}${key}: ${text}\n`).join('')
  const section = (title: string, lines: string) => (lines === '' ? '' : `  ${title}:\n${lines}`)
  const hostLines = [...new Map(hosts)]
    .map(([host, list]) => `    ${host}:\n${settings(list, '      ')}`)
    .join('')
  // Children of ungrouped differ on purpose: differences.ts.
  const childLines = (name === 'ungrouped' ? [] : children).map((child) => `    '${child}':\n`).join('')
  return `'${name}':\n${section('hosts', hostLines)}${section('vars', settings(vars, '    '))}${section('children', childLines)}`
}

const GLOBS = [
  '*',
  'h*',
  'g?',
  '?1',
  '[gh]*',
  '[!g]*',
  'w*[13]',
  'g[0-2]',
  'n0[1-5]',
  '*.x',
  '[z-a]*',
  '[h',
  'h]',
  'g[]0]',
  '[!]]*',
  'h[a-]*',
  '[a\\\\]*',
]
const REGEXES = [
  '~.*',
  '~g[01]$',
  '~h\\d',
  '~(?i)H1',
  '~^w',
  '~(a|h)2',
  '~(?P<n>h)1',
  '~g0|g1',
  '~\\Ah\\Z',
  '~web\\-?1',
  '~x$',
]
const SUBSCRIPTS = ['', '', '', '', '[0]', '[1]', '[-1]', '[0:1]', '[1:]', '[0-1]', '[2:3]', '[-9]', '[5:]']
const term = fc
  .tuple(
    fc.constantFrom('', '', '', '!', '&'),
    fc.oneof(
      fc.constantFrom('g0', 'g1', 'g2', 'all', 'ungrouped', 'h1', 'h2', 'web1', 'nope'),
      fc.constantFrom(...GLOBS),
      fc.constantFrom(...REGEXES),
    ),
    fc.constantFrom(...SUBSCRIPTS),
  )
  .map((parts) => parts.join(''))

/** A host pattern for inventories of {@link plainIni}. */
export const patternText: fc.Arbitrary<string> = fc
  .tuple(fc.array(term, { minLength: 1, maxLength: 4 }), fc.constantFrom(',', ':', ' , '))
  .map(([terms, separator]) => terms.join(separator))
