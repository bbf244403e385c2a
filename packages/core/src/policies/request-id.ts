import { own } from '../message/own-options.ts'
import type { Policy } from '../message/handler.ts'
import { HeaderLine } from '../message/header-line.ts'
import type { Clock } from '../time/clock.ts'

/** Options of `requestId`. */
export interface RequestIdOptions {
  /** The field that carries the id, in lower case. Default `x-request-id`. */
  readonly header?: string
  /** Whether an id that the peer sends is taken over. Default true; it is checked all the same. */
  readonly accept?: boolean
  readonly clock: Clock
}

/** What an accepted id may be: it ends up in logs and headers. */
const ACCEPTABLE = /^[\w.:/+=-]{1,128}$/

/** Gives each exchange an id, its own or the one that the peer sent, and passes it to the upstream and back. */
export function requestId(given: RequestIdOptions): Policy {
  const options = own(given)
  const header = options.header ?? 'x-request-id'
  const accept = options.accept ?? true
  const make = idMaker(options.clock)
  return (next) =>
    function requestId(exchange) {
      const { headers } = exchange.request
      const sent = accept ? headers.get(header) : undefined
      const isAccepted = sent !== undefined && ACCEPTABLE.test(sent)
      exchange.id = isAccepted ? sent : make()
      const line = new HeaderLine(header, exchange.id)
      if (!isAccepted) headers.putLine(line)
      return next(exchange).then((response) => {
        response.headers.putLine(line)
        return response
      })
    }
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'

/**
 * Ids that do not repeat: a prefix of 60 random bits for the maker, then a count. A random id for each request would cost
 * as much as parsing it. Ids are no secrets: they must differ, not be hard to guess.
 */
function idMaker(clock: Clock): () => string {
  let prefix = ''
  for (let digit = 0; digit < 12; digit++) prefix += ALPHABET[Math.floor(clock.random() * ALPHABET.length)]
  let count = 0
  return () => `${prefix}-${(count++).toString(36)}`
}
