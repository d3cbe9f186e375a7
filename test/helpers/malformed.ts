// What people may type that is wrong, as generators.
import fc from 'fast-check'

const word = fc.stringMatching(/^[a-z]{3,8}$/)
export const noise = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .map((text) => text.replace(/\0/g, '?'))
/** What is not a number of the allowed kind. */
const noNumber = fc.constantFrom('', '-', 'x', '1x', 'NaN', '--', '1,5', '０')

/** Flags that are right, to stand around the one that is not. */
export const right = fc.subarray(['--check', '--diff', '-v', '--no-color', '--tags=web', '-eweb_size=1'])

/** Command lines of which each must be refused, whatever right flags are beside it. */
export const wrongFlags = fc.oneof(
  word.map((name) => [`--${name}-${name}`]),
  fc
    .constantFrom('-x', '-Z', '-9', '--chekc', '--limt=web', '--no-check', '--forks-', '---check')
    .map((flag) => [flag]),
  noNumber.map((value) => [`--forks=${value}`]),
  noNumber.map((value) => [`--timeout=${value}`]),
  fc.constantFrom('0', '-1', '1.5', '1e400').map((value) => [`--forks=${value}`]),
  fc.constantFrom('check', 'diff', 'verify', 'step', 'list-hosts').map((name) => [`--${name}=yes`]),
  fc
    .constantFrom('limit', 'tags', 'report', 'junit', 'explain', 'inventory', 'output')
    .map((name) => [`--${name}=`]),
  fc
    .constantFrom('--limit', '--tags', '-i', '-e', '--output', '--vault-id', '--start-at')
    .map((flag) => [flag]),
  word.map((name) => [`--output=${name}x`]),
  word.map((name) => [`--tags=zz${name}`]),
  word.map((name) => [`--skip-tags=zz${name}`]),
  word.map((name) => [`--limit=zz${name}`]),
  word.map((name) => [`--start-at=zz${name}`]),
  word.map((name) => [name]),
  word.map((name) => ['-i', `/nowhere/${name}`]),
  word.map((name) => ['-e', `@/nowhere/${name}`]),
  word.map((name) => ['-e', `web_${name}${name}=1`]),
  fc.constantFrom('{', '{"a":', '[1', '[1, 2]', '{a: b: c}').map((text) => ['-e', text]),
  word.map((name) => [`--report=/nowhere/${name}/y.html`]),
  word.map((name) => [`--vault-password-file=/nowhere/${name}`]),
  word.map((name) => [`--age-identity=/nowhere/${name}`]),
  fc.constant(['--check', '--verify']),
  fc.constant(['--host=web']),
  fc
    .constantFrom('~(', '~[', 'web[9]', 'web[', '@/nowhere/hosts', 'web:&zz')
    .map((text) => [`--limit=${text}`]),
)

/** Lines that make an inventory wrong, wherever they stand below its first hosts. */
export const wrongLines = fc.oneof(
  word.map((name) => `[${name}:childern]`),
  word.map((name) => `[${name}`),
  word.map((name) => `[zz${name}:children]\nzz${name}`),
  word.map((name) => `[other:children]\nzz${name}`),
  word.map((name) => `${name} ansible_hots=127.0.0.1`),
  fc.constantFrom('0', '65536', '-1', 'ssh', '22x').map((value) => `h1 ansible_port=${value}`),
  fc
    .constantFrom('999.1.1.1', '127.0.0', '127.0.0.256')
    .map((value) => `h9 ansible_host=${value} ip=${value}`),
  word.map((name) => `h[1:${name}9]`),
  fc.constantFrom('h[3:1', 'h[1:2:0]', 'h[a:]', "h1 x='open", 'h1 x="open').map((line) => line),
  fc.constantFrom('telnet', 'shh', 'winrm').map((value) => `h1 ansible_connection=${value}`),
  word.map((name) => `h1 web_port=${name}`),
  fc.constantFrom('0', '65536', '1.5', '[]', 'None').map((value) => `h1 web_port=${value}`),
  word.map((name) => `h1 web_${name}x=1`),
  word.map((name) => `h1 ${name}_${name}='{{ ${name} | no_such_filter }}' web_port="{{ ${name}_${name} }}"`),
)

/** Variables files that are wrong. */
export const wrongVariables = fc.oneof(
  fc.constantFrom('a: [1\n', 'a: b: c\n', '\ta: 1\n', '- a\n', 'a: *b\n', 'a: "x\n', '!!x\n', 'just text\n'),
  word.map((name) => `web_port: ${name}\n`),
  word.map((name) => `web_port: 80\nweb_port${name}: 81\n`),
  fc.constantFrom('{{', '{{ x', '{{ 1 + }}', '{% if %}', '{{ nope }}').map((text) => `web_port: '${text}'\n`),
)
