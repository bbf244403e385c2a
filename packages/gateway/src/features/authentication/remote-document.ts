import type { Clock } from '@headgate/core'

/** What a document is fetched with. Rejects where there is none to be had. */
export type FetchDocument = (url: string) => Promise<FetchedDocument>

export interface FetchedDocument {
  readonly text: string
  /** Milliseconds for which the answer says that it is fresh; undefined where it does not say. */
  readonly freshFor: number | undefined
}

/** Milliseconds. */
const USUAL_FRESH = 10 * 60_000
const [LEAST_FRESH, MOST_FRESH] = [60_000, 24 * 3_600_000]
/** How long it serves where the server is away. */
const MOST_STALE = 24 * 3_600_000
/** After a fetch, another one for what is not in it is made at the earliest then; after one that failed, any other one. */
const COOL_DOWN = 30_000
const FAILURE_PAUSE = 5_000

/**
 * What an issuer says of itself, its keys above all, as it was fetched last: fetched when it is asked for first, in the background when
 * it is no longer fresh, and at once when a token names a key that is not in it, though not for each such token. While the server is
 * away, that of before serves for a day.
 */
export class RemoteDocument<Content> {
  private readonly url: string
  private readonly clock: Clock
  private readonly fetchDocument: FetchDocument
  private readonly read: (text: string) => Promise<Content>
  private readonly changed: () => void
  private content: Content | undefined
  private text = ''
  private fetchedAt = Number.NEGATIVE_INFINITY
  private freshUntil = Number.NEGATIVE_INFINITY
  private triedAt = Number.NEGATIVE_INFINITY
  private failure: Error | undefined
  private fetching: Promise<void> | undefined

  /**
   * @param read of what was fetched; rejects where it is none
   * @param changed called when it is another one than before
   */
  constructor(
    url: string,
    {
      clock,
      fetchDocument,
      read,
      changed,
    }: {
      readonly clock: Clock
      readonly fetchDocument: FetchDocument
      readonly read: (text: string) => Promise<Content>
      readonly changed: () => void
    },
  ) {
    this.url = url
    this.clock = clock
    this.fetchDocument = fetchDocument
    this.read = read
    this.changed = changed
  }

  /** Rejects where there are none. */
  async current(): Promise<Content> {
    const now = this.clock.now()
    if (this.content !== undefined && now < this.fetchedAt + MOST_STALE) {
      if (now >= this.freshUntil && now >= this.triedAt + FAILURE_PAUSE) void this.fetch()
      return this.content
    }
    if (this.failure === undefined || now >= this.triedAt + FAILURE_PAUSE) await this.fetch()
    return this.usable()
  }

  /** For a token whose key is not in the current one. @returns undefined where it is too early to ask again */
  async newer(): Promise<Content | undefined> {
    if (this.fetching === undefined && this.clock.now() < this.triedAt + COOL_DOWN) return undefined
    await this.fetch()
    return this.content
  }

  private usable(): Content {
    if (this.content !== undefined && this.clock.now() < this.fetchedAt + MOST_STALE) return this.content
    throw this.failure ?? new Error('there is none')
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
      const { text, freshFor = USUAL_FRESH } = await this.fetchDocument(this.url)
      if (text !== this.text || this.content === undefined) {
        this.content = await this.read(text)
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
