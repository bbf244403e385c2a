import type { LookupAddress, LookupAllOptions } from 'node:dns'
import { isIP } from 'node:net'
import { type Lookup, own, type ResolvedAddress } from '@headgate/core'

/** An address as text, or as `dns.lookup` tells it. */
export type HostAddress = string | { readonly address: string }

type Answer = HostAddress | readonly HostAddress[]

/**
 * Says which addresses a host has, in the order in which they are to be tried: returns them, or a promise of them, or is of the form of
 * Node's `dns.lookup` and calls back. What it throws is why there are none.
 */
export type HostLookup = (
  host: string,
  options: LookupAllOptions,
  callback: (
    error: NodeJS.ErrnoException | null,
    addresses: string | LookupAddress[],
    family?: number,
  ) => void,
) => Answer | Promise<Answer> | void

/** A lookup of the caller's, as the engine calls it. What is no address is told, and never looked up in its turn. */
export function engineLookup(lookup: HostLookup): Lookup {
  return async (host) => listOf(await answerOf(lookup, host)).map(resolved)
}

function answerOf(lookup: HostLookup, host: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const returned: unknown = lookup(host, own({ all: true as const }), (error, addresses) => {
      if (error === null || error === undefined) resolve(addresses)
      else reject(error)
    })
    // Whoever takes a callback may return anything: Node's own `dns.lookup` returns an object of no meaning.
    if (lookup.length < 3 || isAnswer(returned)) resolve(returned)
  })
}

function isAnswer(returned: unknown): boolean {
  if (typeof returned !== 'object' || returned === null) return typeof returned === 'string'
  return Array.isArray(returned) || 'then' in returned || Object.hasOwn(returned, 'address')
}

/** Whoever gives nothing has no address. */
function listOf(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer
  return answer === undefined ? [] : [answer]
}

/** @param given an address, or an object that has one itself: what it inherits is not what the function gave */
function resolved(given: unknown): ResolvedAddress {
  const address =
    typeof given === 'object' && given !== null && Object.hasOwn(given, 'address')
      ? (given as { readonly address: unknown }).address
      : given
  const family = typeof address === 'string' ? isIP(address) : 0
  if (family === 0) throw new Error(`the function lookup gave ${shown(address)}, which is no IP address`)
  return { address: String(address), family: family === 6 ? 6 : 4 }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'a list' : 'an object without an address'
  return typeof value === 'function' ? 'a function' : String(value)
}
