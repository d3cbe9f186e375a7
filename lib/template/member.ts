import { Secret } from '../secret.ts'
import { didYouMean } from '../suggest.ts'
import { TemplateError } from './template-error.ts'
import { isDict, isList, isLookup, Lazy, typeName, Undefined } from './values.ts'

/** `object.key` and `object[key]`. Only what the data itself holds can be reached: nothing of JavaScript's own. */
export function member(object: unknown, key: unknown): unknown {
  // As in Ansible, what is undefined stays so however deep one asks: `a.b.c | default('x')`.
  if (object instanceof Undefined) return object
  const value = find(object, key)
  return value instanceof Lazy ? value.force() : value
}

function find(object: unknown, key: unknown): unknown {
  if (isLookup(object)) return object.get(String(key))
  if (isDict(object)) {
    const name = String(key)
    if (Object.hasOwn(object, name)) return object[name]
    return new Undefined(`there is no ${name}`, didYouMean(name, Object.keys(object)))
  }
  if (isList(object)) {
    const index = typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : key
    if (typeof index === 'number' && Number.isInteger(index)) {
      return index >= -object.length && index < object.length
        ? object.at(index)
        : new Undefined(`there is no item ${index}: the list has ${object.length}`)
    }
  }
  if (typeof object === 'string' && typeof key === 'number')
    return object.at(key) ?? new Undefined(`there is no item ${key}`)
  if (object instanceof Secret) throw new TemplateError(`${typeName(object)} has no ${String(key)}`)
  return new Undefined(`${typeName(object)} has no ${String(key)}`)
}

/** Python's `object[start:stop:step]`. */
export function slice(object: unknown, start: unknown, stop: unknown, step: unknown = 1): unknown {
  for (const bound of [start, stop, step]) {
    if (bound !== undefined && bound !== null && !Number.isInteger(bound)) {
      throw new TemplateError('the bounds of a slice are whole numbers')
    }
  }
  if (typeof object !== 'string' && !isList(object))
    throw new TemplateError(`${typeName(object)} has no slices`)
  const items = typeof object === 'string' ? [...object] : object
  const picked = indices(items.length, start, stop, step as number).map((index) => items[index])
  return typeof object === 'string' ? picked.join('') : picked
}

function indices(length: number, start: unknown, stop: unknown, step: number): number[] {
  if (step === 0) throw new TemplateError('the step of a slice cannot be 0')
  const [least, most] = step > 0 ? [0, length] : [-1, length - 1]
  const bound = (value: unknown, otherwise: number): number =>
    typeof value !== 'number'
      ? otherwise
      : Math.min(Math.max(value < 0 ? value + length : value, least), most)
  const end = bound(stop, step > 0 ? most : least)
  const result: number[] = []
  for (let at = bound(start, step > 0 ? least : most); step > 0 ? at < end : at > end; at += step)
    result.push(at)
  return result
}
