import type { Clock } from '@headgate/core'

/** What a key set is fetched with. Rejects where there is none to be had. */
export type FetchKeys = (url: string) => Promise<FetchedKeys>

export interface FetchedKeys {
  readonly text: string
  /** Milliseconds for which the answer says that it is fresh; undefined where it does not say. */
  readonly freshFor: number | undefined
}

/** Milliseconds. */
const USUAL_FRESH = 10 * 60_000
const [LEAST_FRESH, MOST_FRESH] = [60_000, 24 * 3_600_000]
/** How long keys serve where the server is away. */
const MOST_STALE = 24 * 3_600_000
/** After a fetch, another one because of an unknown key is made at the earliest then; after one that failed, any other one. */
const COOL_DOWN = 30_000
const FAILURE_PAUSE = 5_000

/**
 * The keys of an issuer, as they were fetched last: fetched when they are asked for first, in the background when they are no
 * longer fresh, and at once when a token names a key that is not among them, though not for each such token. While the server is
 * away, those of before serve for a day.
 */
export class RemoteKeys<Keys> {
  private readonly url: string
  private readonly clock: Clock
  private readonly fetchKeys: FetchKeys
  private readonly read: (text: string) => Promise<Keys>
  private readonly changed: () => void
  private keys: Keys | undefined
  private text = ''
  private fetchedAt = Number.NEGATIVE_INFINITY
  private freshUntil = Number.NEGATIVE_INFINITY
  private triedAt = Number.NEGATIVE_INFINITY
  private failure: Error | undefined
  private fetching: Promise<void> | undefined

  /**
   * @param read of what was fetched; rejects where it is none
   * @param changed called when the keys are others than before
   */
  constructor(
    url: string,
    {
      clock,
      fetchKeys,
      read,
      changed,
    }: {
      readonly clock: Clock
      readonly fetchKeys: FetchKeys
      readonly read: (text: string) => Promise<Keys>
      readonly changed: () => void
    },
  ) {
    this.url = url
    this.clock = clock
    this.fetchKeys = fetchKeys
    this.read = read
    this.changed = changed
  }

  /** Rejects where there are none. */
  async current(): Promise<Keys> {
    const now = this.clock.now()
    if (this.keys !== undefined && now < this.fetchedAt + MOST_STALE) {
      if (now >= this.freshUntil && now >= this.triedAt + FAILURE_PAUSE) void this.fetch()
      return this.keys
    }
    if (this.failure === undefined || now >= this.triedAt + FAILURE_PAUSE) await this.fetch()
    return this.usable()
  }

  /** For a token whose key is not among the current ones. @returns undefined where it is too early to ask again */
  async newer(): Promise<Keys | undefined> {
    if (this.fetching === undefined && this.clock.now() < this.triedAt + COOL_DOWN) return undefined
    await this.fetch()
    return this.keys
  }

  private usable(): Keys {
    if (this.keys !== undefined && this.clock.now() < this.fetchedAt + MOST_STALE) return this.keys
    throw this.failure ?? new Error('there are no keys')
  }

  /** One for all who wait. Never rejects: see `failure`. */
  private fetch(): Promise<void> {
    this.fetching ??= this.fetched().finally(() => {
      this.fetching = undefined
    })
    return this.fetching
  }

  private async fetched(): Promise<void> {
    this.triedAt = this.clock.now()
    try {
      const { text, freshFor = USUAL_FRESH } = await this.fetchKeys(this.url)
      if (text !== this.text || this.keys === undefined) {
        this.keys = await this.read(text)
        this.text = text
        this.changed()
      }
      this.failure = undefined
      this.fetchedAt = this.clock.now()
      this.freshUntil = this.fetchedAt + Math.min(MOST_FRESH, Math.max(LEAST_FRESH, freshFor))
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error))
    }
  }
}
