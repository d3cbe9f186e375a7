import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = (name: string): string => fileURLToPath(new URL(`../inventory/${name}`, import.meta.url))

/** The inventory that the cases are evaluated in, for the host m1. */
export const TEMPLATE_HOSTS = `[all]
m1 ip=10.0.0.1 port=8080
m2 ip=10.0.0.2

[etcd]
m1
m2
`

/** Variables with templates, as group_vars/all.yml. */
export const TEMPLATE_VARS = readFileSync(file('templates.yml'), 'utf8')

/** What ansible-core makes of them; `{ error: true }` where it refuses. */
export const TEMPLATE_ANSWERS = JSON.parse(readFileSync(file('templates.json'), 'utf8')) as Record<
  string,
  unknown
>

/** Where ours differ, and why. */
export const TEMPLATE_DIFFERENCES: Readonly<Record<string, string>> = {
  t_toyaml: 'not supported: an error',
  t_toniceyaml: 'not supported: an error',
  t_wordcount: 'not supported: an error',
  t_format: 'not supported: an error',
  k56: 'not supported: an error',
  k92: 'sums are of numbers: an error',
  t_flt: 'JavaScript has one type of number: 2.0 within text is 2',
  t_abs: 'JavaScript has one type of number: 2.0 within text is 2',
  k91: 'JavaScript has one type of number: 3.0 within text is 3',
  l33: 'JavaScript has one type of number: 2.0 within text is 2',
}
