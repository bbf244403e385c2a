import { own } from '@headgate/core'
import { unknownName } from './foreign-options.ts'
import { isSchema } from './standard-schema.ts'

/** What an option may be, the words for it, and the options within it where it is an object of options. */
export interface Check {
  readonly allowed: string
  readonly valid: (value: unknown) => boolean
  readonly parts?: Readonly<Record<string, Check>> | undefined
  /** Of each member, where it is a list. */
  readonly member?: Check | undefined
  /** Whether what stands in its place by mistake may be a secret, which is not shown. */
  readonly secret?: boolean | undefined
}

/** A check for each option of `Options`: the compiler sees to it that none is forgotten. */
export type Checks<Options> = { readonly [Name in keyof Options]-?: Check }

export const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const isFunction = (value: unknown): boolean => typeof value === 'function'

export const text: Check = {
  allowed: 'a string that is not empty',
  valid: (value) => typeof value === 'string' && value !== '',
}
export const flag: Check = { allowed: 'true or false', valid: (value) => typeof value === 'boolean' }
export const object: Check = { allowed: 'an object', valid: isObject }
export const callback: Check = { allowed: 'a function', valid: isFunction }
export const milliseconds: Check = {
  allowed: 'milliseconds above 0, or Infinity for no limit',
  valid: (value) => typeof value === 'number' && value > 0,
}
export const count: Check = {
  allowed: 'a whole number above 0',
  valid: (value) => Number.isSafeInteger(value) && Number(value) > 0,
}
export const countFromZero: Check = {
  allowed: 'a whole number from 0',
  valid: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
}
export const share: Check = {
  allowed: 'a number from 0 to 1, as 0.2',
  valid: (value) => typeof value === 'number' && value >= 0 && value <= 1,
}
export const schema: Check = {
  allowed: 'a schema of the Standard Schema kind, as those of zod',
  valid: isSchema,
}
/** Whoever takes it looks at its range. */
export const number: Check = { allowed: 'a number', valid: (value) => typeof value === 'number' }
export const anything: Check = { allowed: 'anything', valid: () => true }

/** An object of options, each with its check. */
export function settings<Options>(parts: Checks<Options>): Check {
  return { ...object, parts }
}

export function listOf(member: Check): Check {
  return {
    allowed: `a list, each of its members ${member.allowed}`,
    valid: (value) => Array.isArray(value) && value.every((each) => member.valid(each)),
    member,
  }
}

/** A check whose option is meant for what nobody else may see. */
export function secret(check: Check): Check {
  return { ...check, secret: true }
}

export function or(...checks: readonly Check[]): Check {
  return {
    allowed: [...new Set(checks.flatMap(({ allowed }) => allowed.split('; or ')))].join('; or '),
    valid: (value) => checks.some(({ valid }) => valid(value)),
    parts: checks.map(partsOf).find((parts) => parts !== undefined),
    member: checks.map(memberOf).find((member) => member !== undefined),
    secret: checks.some(isSecret),
  }
}

function memberOf(check: Check): Check | undefined {
  return Object.hasOwn(check, 'member') ? check.member : undefined
}

function isSecret(check: Check): boolean {
  return Object.hasOwn(check, 'secret') && check.secret === true
}

function partsOf(check: Check): Check['parts'] {
  return Object.hasOwn(check, 'parts') ? check.parts : undefined
}

export function oneOf(...values: readonly unknown[]): Check {
  return {
    allowed: values
      .map((value) => (typeof value === 'number' ? String(value) : JSON.stringify(value)))
      .join(' or '),
    valid: (value) => values.includes(value),
  }
}

/**
 * The options that an object has itself, at every depth: what it inherits counts for nothing (see `own`).
 * @param place what they are, for messages; @param prefix what stands before their names there
 * @throws TypeError that names the option that is not known or not valid, its value and what is allowed
 */
export function checkedOptions<Options extends object>(
  place: string,
  options: Options,
  checks: Readonly<Record<string, Check>>,
  prefix = '',
): Options {
  if (!isObject(options)) throw new TypeError(`${place} are ${shown(options)}; allowed: an object`)
  const copy: Record<string, unknown> = own({})
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (check === undefined) throw unknownName(prefix + name, name, Object.keys(checks))
    copy[name] = value === undefined ? value : checkedValue(prefix + name, value, check)
  }
  return copy as Options
}

/** An option's value, checked; where it holds options, a copy of them. @throws TypeError */
export function checkedValue(option: string, value: unknown, check: Check, said: string = option): unknown {
  if (!check.valid(value)) throw invalidValue(said, value, check)
  const parts = partsOf(check)
  if (parts === undefined || !isObject(value)) return value
  return checkedOptions(option, value as object, parts, `${option}.`)
}

/** Of a list, the first member that is not valid is told: it may be a long one. */
function invalidValue(option: string, value: unknown, check: Check): TypeError {
  const member = memberOf(check)
  if (member === undefined || !Array.isArray(value))
    return invalidOption(option, value, check.allowed, isSecret(check))
  const index = value.findIndex((each) => !member.valid(each))
  return invalidOption(`${option}[${index}]`, value[index], member.allowed, isSecret(check))
}

function invalidOption(option: string, value: unknown, allowed: string, isHidden = false): TypeError {
  const what = isHidden && typeof value === 'string' ? 'a string' : shown(value)
  return new TypeError(`option ${option} is ${what}; allowed: ${allowed}`)
}

/** Not what is inside: it may be a secret. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? 'a long string' : JSON.stringify(value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : shownObject(value)
  return typeof value === 'function' ? 'a function' : String(value)
}

/** By its class, which is often what was mistaken: a Request for a URL, an AbortController for its signal. */
function shownObject(value: object): string {
  const kind = /^\[object (\w+)\]$/.exec(Object.prototype.toString.call(value))?.[1] ?? 'Object'
  if (kind === 'Object') return 'an object'
  return `${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind}`
}

/** What is wrong with an option that is made into something is told under its name. @throws TypeError */
export function named<Value>(option: string, make: () => Value): Value {
  try {
    return make()
  } catch (cause) {
    throw new TypeError(`option ${option}: ${(cause as Error).message}`, { cause })
  }
}
