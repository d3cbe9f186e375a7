/** What a user wants ssh(1) to be given; for each option the first value counts, so the place matters. */
export interface SshArguments {
  /** Before our own -p, -l and -i, and stronger: `ansible_ssh_args`. */
  readonly before: readonly string[]
  /** After them: `ansible_ssh_common_args`, then `ansible_ssh_extra_args`. */
  readonly after: readonly string[]
}

// What `ssh -G` resolves and we honour.
const HONOURED = [
  ...[
    'addressfamily',
    'certificatefile',
    'connecttimeout',
    'globalknownhostsfile',
    'hostkeyalias',
    'hostname',
  ],
  ...[
    'identitiesonly',
    'identityagent',
    'identityfile',
    'pkcs11provider',
    'port',
    'proxycommand',
    'proxyjump',
  ],
  ...['securitykeyprovider', 'stricthostkeychecking', 'user', 'userknownhostsfile'],
]
// What changes neither where a connection goes, nor who we are there, nor what scripts see.
const HARMLESS = [
  ...['addkeystoagent', 'batchmode', 'checkhostip', 'compression', 'connectionattempts', 'controlmaster'],
  ...['controlpath', 'controlpersist', 'forwardx11', 'gssapiauthentication', 'gssapidelegatecredentials'],
  ...[
    'hashknownhosts',
    'identityagent',
    'kbdinteractiveauthentication',
    'loglevel',
    'numberofpasswordprompts',
  ],
  ...['passwordauthentication', 'preferredauthentications', 'pubkeyauthentication', 'requesttty'],
  ...['serveralivecountmax', 'serveraliveinterval', 'tcpkeepalive', 'updatehostkeys', 'visualhostkey'],
]
const KNOWN_OPTIONS = new Set([...HONOURED, ...HARMLESS])
const WITH_VALUE = 'BbcDEeFIiJLlmOoPpQRSWw'
const KNOWN_FLAGS = 'FiJlopq46CvTxaS'

interface Flag {
  readonly flag: string
  readonly value: string
}

/** Options in these words that our own ssh cannot honour, as the user wrote them. */
export function unknownSshOptions(words: readonly string[]): string[] {
  return readFlags(words).flatMap(({ flag, value }) => {
    if (flag === '') return [value]
    if (!KNOWN_FLAGS.includes(flag)) return [`-${flag}`]
    return flag === 'o' && !KNOWN_OPTIONS.has(optionName(value)) ? [`-o ${value}`] : []
  })
}

/** The configuration file that these words name; ssh hands it on to what it starts for ProxyJump. */
export function configFileOf({ before, after }: SshArguments): string | undefined {
  return readFlags([...before, ...after]).findLast(({ flag }) => flag === 'F')?.value
}

function optionName(text: string): string {
  return text.trim().split(/[\s=]/, 1)[0]?.toLowerCase() ?? ''
}

/** As getopt reads them: `-4q -o X=y -oX=y`; a word that is no flag has an empty name. */
function readFlags(words: readonly string[]): Flag[] {
  const flags: Flag[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (!/^-./.test(word)) flags.push({ flag: '', value: word })
    for (let at = 1; at < word.length && word.startsWith('-'); at++) {
      const flag = word.charAt(at)
      if (!WITH_VALUE.includes(flag)) {
        flags.push({ flag, value: '' })
        continue
      }
      const attached = word.slice(at + 1)
      flags.push({ flag, value: attached === '' ? (words[++index] ?? '') : attached })
      break
    }
  }
  return flags
}
