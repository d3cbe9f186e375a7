export type { Scope } from './evaluate.ts'
export { render } from './render.ts'
export { TemplateError } from './template-error.ts'
export { conceal, isDict, isList, Lazy, LookupTable, mapDict, settle, Undefined } from './values.ts'
