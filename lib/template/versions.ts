import { compare } from './operators.ts'

/** Compares as Ansible's `version` test: numbers as numbers, `v1.9` before `v1.10`. */
export function compareVersions(left: string, right: string): number {
  return compare(components(left), components(right))
}

function components(version: string): (string | number)[] {
  const parts = version.match(/\d+|[a-z]+|[^\da-z.]+/g) ?? []
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}
