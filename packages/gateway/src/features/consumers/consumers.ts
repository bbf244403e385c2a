import { type Identity, identityKey } from '../identity.ts'
import type { ConsumedGateway } from './setting.ts'

/** A consumer, as requests meet it. */
export interface Consumer {
  readonly name: string
  readonly groups: readonly string[]
  /** Names of limits; the same list for all consumers with the same ones. */
  readonly limits: readonly string[]
  /** Names of routes; undefined for all. */
  readonly routes: ReadonlySet<string> | undefined
}

/** Those of a configuration, found by what they are known by: to find one of 10,000 takes as long as to find one of ten. */
export class Consumers {
  private readonly byCredential = new Map<string, Consumer>()
  private readonly byName = new Map<string, Consumer>()
  /** Authenticators give the same object for the same credentials as long as they know them. */
  private readonly known = new WeakMap<Identity, Identity>()

  constructor({ consumers = {} }: ConsumedGateway) {
    const lists = new Map<string, readonly string[]>()
    for (const [name, { credentials, groups, rateLimit = [], routes }] of Object.entries(consumers)) {
      const written = rateLimit.join('\n')
      const limits = lists.get(written) ?? rateLimit
      lists.set(written, limits)
      const consumer = { name, groups, limits, routes: routes && new Set(routes) }
      this.byName.set(name, consumer)
      for (const [authenticator, subjects] of Object.entries(credentials))
        for (const subject of subjects)
          this.byCredential.set(identityKey({ authenticator, subject }), consumer)
    }
  }

  /**
   * The identity with the consumer that it belongs to, and the groups of both; the same one where it belongs to none.
   * @returns undefined where its proofs belong to different consumers: neither's limits and routes hold for both
   */
  identified(identity: Identity): Identity | undefined {
    const known = this.known.get(identity)
    if (known !== undefined) return known
    const { authenticator, subject, also = [] } = identity
    const proofs = also.length === 0 ? [identity] : [{ authenticator, subject }, ...also]
    const found = proofs.flatMap((each) => this.byCredential.get(identityKey(each)) ?? [])
    const [consumer] = found
    if (found.some((each) => each !== consumer)) return undefined
    const made: Identity =
      consumer === undefined
        ? identity
        : {
            ...identity,
            consumer: consumer.name,
            groups: [...new Set([...identity.groups, ...consumer.groups])],
          }
    this.known.set(identity, made)
    return made
  }

  get(name: string): Consumer | undefined {
    return this.byName.get(name)
  }

  get size(): number {
    return this.byName.size
  }
}
