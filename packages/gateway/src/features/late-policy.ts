import type { Handler, Policy } from '@headgate/core'

/**
 * A policy whose code is loaded with the first exchange that meets it: few routes have it, and every worker would have it in memory.
 * @param load called again where it rejects
 */
export function latePolicy(load: () => Promise<Policy>): Policy {
  return (next) => lateHandler(async () => (await load())(next))
}

/** The same for what answers. */
export function lateHandler(load: () => Promise<Handler>): Handler {
  let loaded: Handler | undefined
  const first: Handler = async (exchange) => {
    const handler = await load()
    loaded ??= handler
    return loaded(exchange)
  }
  return (exchange) => (loaded ?? first)(exchange)
}
