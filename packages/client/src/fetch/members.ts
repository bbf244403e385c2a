import type { CallListeners, CallPolicyOptions, Priority } from '../options.ts'

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

/** Whatever it is, as Web IDL makes a string of it. */
export function stringOf(value: unknown): string {
  // oxlint-disable-next-line typescript/no-base-to-string -- the standard says so of objects, too
  return String(value)
}
