import type { Load } from '../load.ts'

const PATH = '/var/tmp/bench-payload'

/** Throughput, and how little memory it takes. */
export const bigFile: Load = {
  name: 'big-file',
  summary: 'a file of 100 MB to every host',
  payloadMegabytes: 100,
  payloadPath: PATH,
  probe: `stat -c '%n %U %G %a %s' ${PATH}; sha256sum ${PATH}`,
  apply: `cat >${PATH}; chmod 644 ${PATH}`,
  reset: `rm -f ${PATH}`,
  ansible: `\n- copy: { src: payload, dest: ${PATH}, mode: '0644' }\n`,
  pyinfra: `\nfrom pyinfra.operations import files\nfiles.put(src="payload", dest="${PATH}", mode="644")\n`,
  quorate: `await apply(file('${PATH}', { source: new URL('payload', import.meta.url), mode: 0o644 }))`,
}
