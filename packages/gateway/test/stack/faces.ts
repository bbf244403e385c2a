import type { TestContext } from 'node:test'
import { type Client, createClient } from '@headgate/client'
import type { Policy } from '@headgate/core'
import { createGateway } from '../../src/embedding/create-gateway.ts'

/** What is asked of a face, in words that both have. Times are in milliseconds; nothing is on unless it is named. */
export interface Behaviour {
  readonly attempts?: number
  readonly attemptTimeout?: number
  readonly deadline?: number
  readonly hedgeAfter?: number
  readonly failuresUntilOpen?: number
  /** Exchanges under way at the same time; none waits. */
  readonly concurrency?: number
  /** Requests an hour. */
  readonly rate?: number
  readonly policy?: Policy
}

/** A face of the engine in front of an origin, asked through a client either way. */
export type Face = (t: TestContext, origin: string, behaviour: Behaviour) => Promise<Client>

export const FACES: Readonly<Record<'client' | 'gateway', Face>> = {
  async client(t, origin, { attempts = 1, attemptTimeout, deadline, policy, rate, concurrency, ...more }) {
    const client = createClient({
      baseUrl: origin,
      timeout: { connect: 1_000, attempt: attemptTimeout, deadline },
      retry: { attempts, statuses: [503], backoff: { base: 1, max: 1 } },
      hedge: more.hedgeAfter !== undefined && { delay: more.hedgeAfter },
      breaker: more.failuresUntilOpen !== undefined && { consecutiveFailures: more.failuresUntilOpen },
      concurrency: concurrency !== undefined && { limit: concurrency, queue: 0 },
      rateLimit: rate !== undefined && { rate, per: 3_600_000, maxWait: 0 },
      ...(policy && { policies: [policy] }),
      lint: false,
    })
    t.after(() => client.close())
    return client
  },
  async gateway(t, origin, { attempts = 1, attemptTimeout, deadline, policy, rate, concurrency, ...more }) {
    const breaker = more.failuresUntilOpen && { breaker: { consecutiveFailures: more.failuresUntilOpen } }
    const gateway = await createGateway(
      {
        upstreams: { origin: { endpoints: [{ url: origin }], ...breaker } },
        routes: [
          {
            upstream: 'origin',
            retry: { attempts, statuses: [503], backoff: { base: '1ms', max: '1ms' } },
            ...(attemptTimeout && { timeouts: { attempt: `${BigInt(attemptTimeout)}ms` } }),
            ...(deadline && { timeout: `${BigInt(deadline)}ms` }),
            ...(more.hedgeAfter && { hedge: { delay: `${BigInt(more.hedgeAfter)}ms` } }),
            ...(concurrency && { concurrency: { limit: concurrency } }),
            ...(rate && { rateLimit: { rate: `${BigInt(rate)}/h`, burst: rate } }),
          },
        ],
      },
      policy && { policies: [{ place: 'before-upstream', policy }] },
    )
    t.after(() => gateway.close(0))
    // A client that does nothing by itself, so that what is seen is the gateway's doing.
    return createClient({ baseUrl: 'http://shop.example', transport: gateway.handler, preset: 'minimal' })
  },
}
