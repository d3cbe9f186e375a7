import { isHostPattern, splitPort } from './address.ts'
import { type Draft, openGroup } from './draft.ts'
import { listHosts } from './host-pattern.ts'

/** Reads `host1,host2:2222,`: names with commas, in which Ansible knows ports but no ranges. */
export function readHostList(draft: Draft, text: string): void {
  const place = { file: `-i ${text}`, line: 1 }
  const group = openGroup(draft, 'ungrouped', true, place)
  for (const word of text.split(',').map((part) => part.trim())) {
    const { name, port } =
      word.includes('[') && !/^\[[^[\]]*\](?::\d+)?$/.test(word)
        ? { name: word, port: undefined }
        : splitPort(word)
    if (name === '' || draft.hosts.has(name)) continue
    if (!isHostPattern(name) && name.includes('[')) {
      draft.warnings.push({ message: `'${word}' is one host: a list with commas has no ranges`, place })
    }
    listHosts(draft, group, word, { names: [name], port, settings: [], place })
  }
}
