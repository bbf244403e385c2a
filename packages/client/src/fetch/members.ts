import { isObject, shown } from '../option-check.ts'
import type { CallListeners, CallOptions, CallPolicyOptions, Priority } from '../options.ts'

/** What a call of `fetch` may say that only Headgate knows. */
export interface FetchSettings extends CallPolicyOptions, CallListeners {
  /** Who goes first where calls wait for a slot (`concurrency`). Default: what `init.priority` says. */
  readonly priority?: Priority | undefined
  /** The unix socket that this call goes to: one that `socketPath.allow` of the client names. */
  readonly socketPath?: string | undefined
}

/** The options of `fetch`: the platform's, and under one key those of Headgate. */
export type FetchInit = { readonly [Name in keyof RequestInit]: RequestInit[Name] | undefined } & {
  readonly headgate?: FetchSettings | undefined
}

/** What else a call may say, and where `fetch` is told it. */
const ELSEWHERE: Readonly<Record<Exclude<keyof CallOptions, keyof FetchSettings>, string>> = {
  method: 'init.method says it',
  headers: 'init.headers says them',
  body: 'init.body says it',
  json: 'init.body is where content stands, as JSON.stringify writes it',
  query: 'the URL says it',
  queryArrays: 'the URL says the query',
  signal: 'init.signal says it',
  cache: 'init.cache says it',
  redirectMode: 'init.redirect says it',
  throwOnStatus: 'a status is no error of fetch',
}

/** @throws TypeError for what is no object, and for what is said elsewhere and would be passed over here */
export function settingsOf(given: unknown): FetchSettings | undefined {
  if (given === undefined) return undefined
  if (!isObject(given)) throw new TypeError(`init.headgate is ${shown(given)}; allowed: an object`)
  const settings = given as Readonly<Record<string, unknown>>
  for (const [name, where] of Object.entries(ELSEWHERE))
    if (Object.hasOwn(settings, name) && settings[name] !== undefined)
      throw new TypeError(`init.headgate.${name} is not known: ${where}`)
  return settings
}

/** A member of a dictionary as the standard names it. */
export type Member = (name: string) => unknown

/**
 * Reads members as Web IDL does: one that is undefined is absent, and a Request may stand in for a dictionary. What stands in
 * `Object.prototype`, where nobody but an attacker puts it, is nobody's option.
 * @throws TypeError if it is no object
 */
export function membersOf(init: unknown): Member {
  if (init === undefined || init === null) return NO_MEMBERS
  if (typeof init !== 'object' && typeof init !== 'function')
    throw new TypeError(`the second argument of fetch is a ${typeof init}; allowed: an object`)
  const members = init as Readonly<Record<string, unknown>>
  return (name) => {
    if (name in Object.prototype && !Object.hasOwn(members, name)) return undefined
    return members[name]
  }
}

/** Those of a dictionary that is not there. */
export const NO_MEMBERS: Member = () => undefined

/** Whatever it is, as Web IDL makes a string of it. @throws TypeError of a symbol */
export function stringOf(value: unknown): string {
  // Not String(), which makes a string of symbols, too.
  // oxlint-disable-next-line typescript/no-base-to-string, typescript/restrict-template-expressions -- the standard says so of objects, too
  return `${value}`
}
