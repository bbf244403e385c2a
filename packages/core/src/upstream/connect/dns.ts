import { own } from '../../message/own-options.ts'
import { isIP } from 'node:net'
import { TrafficError } from '../../message/errors.ts'
import type { Clock } from '../../time/clock.ts'
import { type Lookup, lookupAll, lookupAt, type ResolvedAddress } from './lookup.ts'

export type { Lookup, ResolvedAddress } from './lookup.ts'

/** How names are resolved; all times in milliseconds. */
export interface DnsOptions {
  /** Name servers to ask in place of the system's resolver, as `10.0.0.2` or `[::1]:5353`; /etc/hosts does not count then. */
  readonly servers?: readonly string[] | undefined
  /** How long an answer is fresh, since getaddrinfo does not tell the records' own time to live; 0 asks each time. Default 30,000. */
  readonly timeToLive?: number | undefined
  /** How long after that it may stand in for a refresh that fails. Default 300,000. */
  readonly maxStale?: number | undefined
  /** How long a failure is answered again without asking. Default 1,000. */
  readonly failureTime?: number | undefined
  /** Names remembered at a time. Default 1,024. */
  readonly maxNames?: number | undefined
}

export interface ResolverOptions extends DnsOptions {
  readonly clock: Clock
  /** The system's own by default. */
  readonly lookup?: Lookup | undefined
}

/** How long a refresh may take before the stale answer is used (RFC 8767 section 5, client response timer). */
const REFRESH_PATIENCE = 1_800

interface Answer {
  addresses: readonly ResolvedAddress[]
  freshUntil: number
  staleUntil: number
  failure: TrafficError | undefined
  failedUntil: number
  asking: Promise<readonly ResolvedAddress[]> | undefined
}

/**
 * A cache over the system's resolver, so that /etc/hosts and nsswitch.conf count. One question per name is
 * under way at a time; an answer that has grown old is kept and used while no new one can be had.
 */
export class Resolver {
  private readonly clock: Clock
  private readonly lookup: Lookup
  private readonly timeToLive: number
  private readonly maxStale: number
  private readonly failureTime: number
  private readonly maxNames: number
  /** In order of their last question. */
  private readonly answers = new Map<string, Answer>()

  constructor(given: ResolverOptions) {
    const options = own(given)
    this.clock = options.clock
    const { servers } = options
    this.lookup = options.lookup ?? (servers === undefined ? lookupAll : lookupAt(servers))
    this.timeToLive = options.timeToLive ?? 30_000
    this.maxStale = options.maxStale ?? 300_000
    this.failureTime = options.failureTime ?? 1_000
    this.maxNames = options.maxNames ?? 1_024
  }

  /** How many names are remembered. */
  get size(): number {
    return this.answers.size
  }

  /**
   * The addresses of a host, at least one, in the order that the system prefers (RFC 6724). An address is its
   * own answer.
   * @throws TrafficError `dns_failed`
   */
  async resolve(host: string): Promise<readonly ResolvedAddress[]> {
    const literal = isIP(host)
    if (literal !== 0) return [{ address: host, family: literal === 6 ? 6 : 4 }]
    const now = this.clock.now()
    const known = this.answers.get(host)
    if (known !== undefined) {
      if (now < known.freshUntil) return known.addresses
      const stale = now < known.staleUntil
      if (known.failure !== undefined && now < known.failedUntil) {
        if (stale) return known.addresses
        throw copy(known.failure)
      }
      if (stale) return this.refreshed(host, known)
    }
    try {
      return await this.ask(host, known)
    } catch (error) {
      throw copy(error)
    }
  }

  /** The new answer; the one that is known if the new one fails or takes too long. */
  private refreshed(host: string, known: Answer): Promise<readonly ResolvedAddress[]> {
    return new Promise((resolve) => {
      const useKnown = (): void => resolve(known.addresses)
      const patience = this.clock.timer(useKnown)
      patience.arm(REFRESH_PATIENCE)
      this.ask(host, known)
        .then(resolve, useKnown)
        .finally(() => patience.disarm())
    })
  }

  private ask(host: string, known: Answer | undefined): Promise<readonly ResolvedAddress[]> {
    if (known?.asking !== undefined) return known.asking
    const answer = known ?? unanswered()
    this.remember(host, answer)
    answer.asking = this.answer(host, answer).finally(() => {
      answer.asking = undefined
    })
    return answer.asking
  }

  private async answer(host: string, answer: Answer): Promise<readonly ResolvedAddress[]> {
    try {
      const addresses = await this.lookup(host)
      if (addresses.length === 0) throw new Error('the answer holds no address')
      // node:net would look up what is no address itself, past the guard.
      const name = addresses.find(({ address }) => isIP(address) === 0)
      if (name !== undefined) throw new Error(`${JSON.stringify(name.address)} is no IP address`)
      answer.addresses = addresses
      answer.freshUntil = this.clock.now() + this.timeToLive
      answer.staleUntil = answer.freshUntil + this.maxStale
      answer.failure = undefined
      return addresses
    } catch (cause) {
      answer.failure = failure(host, cause)
      answer.failedUntil = this.clock.now() + this.failureTime
      throw answer.failure
    }
  }

  private remember(host: string, answer: Answer): void {
    this.answers.delete(host)
    if (this.answers.size >= this.maxNames) {
      for (const oldest of this.answers.keys()) {
        this.answers.delete(oldest)
        break
      }
    }
    this.answers.set(host, answer)
  }
}

function unanswered(): Answer {
  return {
    addresses: [],
    freshUntil: -Infinity,
    staleUntil: -Infinity,
    failure: undefined,
    failedUntil: 0,
    asking: undefined,
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not exist; check its spelling',
  ENODATA: 'the name exists but has no address',
  EAI_AGAIN: 'the name server did not answer; check /etc/resolv.conf and the network',
  EAI_FAIL: 'the name server failed',
}

function failure(host: string, cause: unknown): TrafficError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const told = cause instanceof Error ? cause.message : String(cause)
  const reason = REASONS[code] === undefined ? told : `${REASONS[code]} (${code})`
  return new TrafficError('dns_failed', `${host} was not resolved: ${reason}`, {
    phase: 'dns',
    replaySafe: 'unsent',
    cause,
  })
}

/** Each exchange gets an error of its own, since it is completed on its way up. */
function copy(thrown: unknown): TrafficError {
  const error = TrafficError.from(thrown)
  return new TrafficError('dns_failed', error.message, {
    phase: 'dns',
    replaySafe: 'unsent',
    cause: error.cause,
  })
}
