import { clientNetwork, type Exchange, TrafficError } from '@headgate/core'
import type { LocalRateLimitStore, SharedRateLimitStore } from '@headgate/core'

type Store = LocalRateLimitStore | SharedRateLimitStore

/** Milliseconds for which the answer to the second of several failures waits; each further one doubles it. */
const FIRST_DELAY = 50
const LONGEST_DELAY = 2_000

/**
 * Failed tries to prove an identity, by client network and by account: each answer comes later than the one before, and when the
 * share of the client or of the account is used up, nothing is verified for them until some of it is there again. In memory that
 * all workers share, bounded as that of rate limits is.
 */
export class FailedTries {
  private readonly clients: Store
  private readonly accounts: Store

  constructor(clients: Store, accounts: Store) {
    this.clients = clients
    this.accounts = accounts
  }

  /** @returns the refusal of a client that has failed too often; undefined for all others */
  clientRefusal({ clientAddress, clock }: Exchange): TrafficError | undefined {
    const { remaining, reset, limit } = this.clients.usage(clientNetwork(clientAddress), clock.now())
    return remaining > 0 ? undefined : refusal('this client', reset / limit)
  }

  /** The same of an account. */
  accountRefusal(account: string, { clock }: Exchange): TrafficError | undefined {
    const { remaining, reset, limit } = this.accounts.usage(account, clock.now())
    return remaining > 0 ? undefined : refusal('these credentials', reset / limit)
  }

  /**
   * Counts a failure.
   * @returns milliseconds for which its answer is to wait
   */
  count(exchange: Exchange, account: string | undefined): number {
    const now = exchange.clock.now()
    const delays = [delayOf(this.clients.take(clientNetwork(exchange.clientAddress), 1, now, 0))]
    if (account !== undefined) delays.push(delayOf(this.accounts.take(account, 1, now, 0)))
    return Math.max(...delays)
  }
}

/** @param wait milliseconds until one try is there again */
function refusal(who: string, wait: number): TrafficError {
  const error = new TrafficError('rate_limited', `${who} failed to authenticate too often`)
  error.retryAfter = Math.max(1_000, wait)
  return error
}

function delayOf({ limit, remaining }: { readonly limit: number; readonly remaining: number }): number {
  const failures = limit - remaining
  return failures < 2 ? 0 : Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 2))
}
