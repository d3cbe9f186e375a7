/** Where Quorate means to differ from ansible-core: files in corpus/differs. */
export interface Difference {
  readonly why: string
  /** What Quorate makes of it: the values of h1, or what it refuses it for. */
  readonly quorate: Readonly<Record<string, unknown>> | RegExp
  /** What Ansible makes of it: the values of h1, or `refused`. `unasked`: it would not come back. */
  readonly ansible: Readonly<Record<string, unknown>> | 'refused' | 'unasked'
}

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'bom.ini': {
    why: 'Editors on Windows put a byte order mark in front, which nobody sees.',
    quorate: {},
    ansible: 'refused',
  },
  'complex-number.ini': {
    why: 'Nobody means a complex number; Ansible turns it into other text than what is written.',
    quorate: { a: '1+2j', b: '1j' },
    ansible: { a: '(1+2j)', b: '1j' },
  },
  'set.ini': {
    why: 'A set becomes a list in the order in which it is written, not in that of hashes.',
    quorate: { a: [3, 1] },
    ansible: { a: [1, 3] },
  },
  'script-output.json': {
    why: 'What ansible-inventory --list and scripts print can be kept in a file.',
    quorate: { x: 1 },
    ansible: 'refused',
  },
  'host-key-empty.ini': {
    why: 'A variable without a name can never be read: a slip of the fingers.',
    quorate: /expected key=value, but '=3' is not/,
    ansible: { '': 3 },
  },
  'vars-key-empty.ini': {
    why: 'As host-key-empty.ini.',
    quorate: /expected key=value in \[g:vars\], got: =7/,
    ansible: { '': 7 },
  },
  'not-utf8.ini': {
    why: 'Ansible lets bytes through that no other program will understand.',
    quorate: /not UTF-8 text/,
    ansible: { x: 'caf\udce9' },
  },
  'range-too-long.ini': {
    why: 'A range of more than 100,000 hosts is a slip of the fingers.',
    quorate: /more than 100000 hosts/,
    ansible: 'unasked',
  },
  'parent-of-all.ini': {
    why: 'The group all contains every group: Ansible runs in circles.',
    quorate: /names 'all', which itself contains every group/,
    ansible: 'unasked',
  },
  'parent-of-ungrouped.ini': {
    why: 'Ansible loses the hosts: they are in another group than ungrouped, which is ungrouped itself.',
    quorate: /names 'ungrouped', the group of hosts in no other group/,
    ansible: {},
  },
  'yaml-ungrouped-children.yml': {
    why: 'A host of a child of ungrouped has its variables; Ansible forgets that where ungrouped lists the host too.',
    quorate: { x: 1 },
    ansible: {},
  },
  'yaml-group-not-mapping.yml': {
    why: 'Ansible warns and leaves the group out, and with it the hosts that the user wrote there.',
    quorate: /bad must be a mapping/,
    ansible: {},
  },
}

/** Patterns that Quorate takes differently, in an inventory of the corpus. */
export const PATTERN_DIFFERENCES: Readonly<
  Record<string, { file: string; why: string; quorate: string | RegExp; ansible: string }>
> = {
  nope: {
    file: 'addresses.ini',
    why: 'A name that matches nothing is a slip of the fingers; Ansible warns and goes on with the rest.',
    quorate: /matches no host and no group/,
    ansible: '',
  },
  localhost: {
    file: 'kubeasz.ini',
    why: 'Only hosts of the inventory exist: none is made up.',
    quorate: /matches no host and no group/,
    ansible: 'localhost',
  },
  'all[2:1]': {
    file: 'addresses.ini',
    why: 'Counting backwards selects nothing in Ansible, which nobody means.',
    quorate: /counts backwards/,
    ansible: '',
  },
  'all[1:0]': {
    file: 'addresses.ini',
    why: 'As all[2:1]; Ansible takes an end of 0 for no end at all, and selects one host.',
    quorate: /counts backwards/,
    ansible: '10.0.0.256',
  },
  '[::1]': {
    file: 'addresses.ini',
    why: 'An address in brackets is an address here, as it is in an inventory.',
    quorate: '::1',
    ansible: '1',
  },
}
