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

function answerOf(lookup: HostLookup, host: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const returned = lookup(host, own({ all: true as const }), (error, addresses) => {
      if (error === null || error === undefined) resolve(addresses)
      else reject(error)
    })
    if (isAnswer(returned)) resolve(returned)
    // Whoever takes no callback, and gives nothing, has no address.
    else if (lookup.length < 3) resolve([])
  })
}

/** Node's own `dns.lookup` calls back, and returns an object of no meaning all the same. */
function isAnswer(returned: Answer | Promise<Answer> | void): returned is Answer | Promise<Answer> {
  if (typeof returned !== 'object') return typeof returned === 'string'
  return Array.isArray(returned) || 'then' in returned || 'address' in returned
}

function listOf(answer: Answer): readonly HostAddress[] {
  if (Array.isArray(answer)) return answer as readonly HostAddress[]
  return [answer as HostAddress]
}

function resolved(given: HostAddress): ResolvedAddress {
  const address: unknown = typeof given === 'object' && given !== null ? given.address : given
  const family = isIP(String(address))
  if (family === 0)
    throw new Error(`the function lookup gave ${JSON.stringify(address)}, which is no IP address`)
  return { address: String(address), family: family === 6 ? 6 : 4 }
}
