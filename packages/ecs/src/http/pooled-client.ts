import type { Client } from '@headgate/client'

/** A client of the pool, and how many calls of the world it has under way. */
export class PooledClient {
  readonly name: string
  readonly client: Client
  /** What relative URLs are appended to. */
  readonly base: string | undefined
  calls = 0

  constructor(name: string, client: Client, base: string | URL | undefined) {
    this.name = name
    this.client = client
    this.base = base === undefined ? undefined : String(base)
  }
}
