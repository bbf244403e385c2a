import {
  type ClientOptions,
  type Clock,
  createClient,
  type ErrorCode,
  type OriginFigures,
} from '@headgate/client'
import { own } from '@headgate/core'
import { resource, type Resource } from '../../port/resource.ts'
import { PooledClient } from '../pooled-client.ts'
import type { ClientChanges } from './http-config.ts'

/** The name of the client that requests go by which name none. */
const DEFAULT = 'default'

/** What the client tells of a call that is under way, by the call's number. */
export type ClientNotice =
  | {
      readonly kind: 'retry'
      readonly call: number
      readonly attempt: number
      readonly delay: number
      readonly code: ErrorCode
    }
  | { readonly kind: 'rate-limited'; readonly call: number; readonly wait: number }

/** One client as the pool tells of it. */
export interface ClientStats {
  readonly name: string
  /** Requests of the world that it has under way. */
  readonly calls: number
  /** Whether it only finishes what it has: another with newer settings is in its place. */
  readonly retired: boolean
  /** Calls, attempts, connections and circuit of each origin. */
  readonly origins: readonly OriginFigures[]
}

/** The clients of a world, by name. */
export class ClientPool {
  /** What was told since the last tick. */
  notices: ClientNotice[] = []
  private readonly clients = new Map<string, PooledClient>()
  private retired: PooledClient[] = []
  private options: ClientChanges
  private readonly clock: Clock
  private readonly cancelAll: () => void

  /** @param cancelAll gives up all calls that are under way */
  constructor(options: ClientChanges, clock: Clock, cancelAll: () => void) {
    this.options = options
    this.clock = clock
    this.cancelAll = cancelAll
    this.get()
  }

  /** @param name one of `HttpConfig.clients`. Default: the one that all others are made of. @throws TypeError if there is none */
  get(name: string = DEFAULT): PooledClient {
    let pooled = this.clients.get(name)
    if (pooled === undefined) {
      pooled = this.listen(this.make(name))
      this.clients.set(name, pooled)
    }
    return pooled
  }

  /** Further requests go by clients with these options; what is under way ends as it began. */
  change({ client, clients }: ClientChanges): void {
    const { options } = this
    const known = this.get()
    this.options = {
      client: { ...options.client, ...client },
      clients: { ...options.clients, ...clients },
    }
    const isBaseChanged = Object.keys(client).length > 0
    if (isBaseChanged)
      this.put(DEFAULT, new PooledClient(DEFAULT, known.client.extend(client), this.options.client.baseUrl))
    for (const name of this.clients.keys())
      if (name !== DEFAULT && (isBaseChanged || Object.hasOwn(clients, name))) this.put(name, this.make(name))
  }

  /** Closes those that were replaced and have nothing under way any more. */
  closeRetired(): void {
    if (this.retired.length === 0) return
    const idle = this.retired.filter(({ calls }) => calls === 0)
    this.retired = this.retired.filter(({ calls }) => calls > 0)
    for (const { client } of idle) void client.close()
  }

  /** Each client, and those that finish what they have. */
  stats(): ClientStats[] {
    const of =
      (retired: boolean) =>
      (pooled: PooledClient): ClientStats => ({
        name: pooled.name,
        calls: pooled.calls,
        retired,
        origins: pooled.client.metrics(),
      })
    return [...[...this.clients.values()].map(of(false)), ...this.retired.map(of(true))]
  }

  /**
   * What is under way has `grace` milliseconds to finish, 10,000 if nothing is said; what a transport in code has is not waited for. All
   * connections are closed then, and requests fail that have not ended.
   */
  async close(grace?: number): Promise<void> {
    const all = [...this.clients.values(), ...this.retired]
    await Promise.all(all.map(({ client }) => client.close({ grace })))
    this.cancelAll()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private put(name: string, pooled: PooledClient): void {
    const before = this.clients.get(name)
    if (before !== undefined) this.retired.push(before)
    this.clients.set(name, this.listen(pooled))
  }

  private make(name: string): PooledClient {
    const { client, clients } = this.options
    if (name === DEFAULT) {
      const options = own<ClientOptions>({
        preset: 'untrusted',
        // It judges connections, of which a transport in code makes none.
        guard: own(client).transport === undefined,
        clock: this.clock,
        ...client,
      })
      return new PooledClient(name, createClient(options), options.baseUrl)
    }
    if (!Object.hasOwn(clients, name))
      throw new TypeError(
        `the client ${JSON.stringify(name)} of a request is not known: name it in HttpConfig.clients, which has ${Object.keys(clients).join(', ') || 'none'}`,
      )
    const options = own<ClientOptions>({ name, ...clients[name] })
    return new PooledClient(name, this.get().client.extend(options), options.baseUrl ?? own(client).baseUrl)
  }

  private listen(pooled: PooledClient): PooledClient {
    const { client } = pooled
    client.on('retry-scheduled', ({ call, attempt, delay, code }) => {
      this.notices.push({ kind: 'retry', call, attempt, delay, code })
    })
    client.on('rate-limited', ({ call, wait }) => {
      this.notices.push({ kind: 'rate-limited', call, wait })
    })
    return pooled
  }
}

/** What the resource `HttpClientPool` is. */
export type HttpClientPool = ClientPool

export const HttpClientPool: Resource<HttpClientPool> = resource<HttpClientPool>('HttpClientPool')
