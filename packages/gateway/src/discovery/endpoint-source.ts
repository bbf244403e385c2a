/** An endpoint that was found while the gateway runs. */
export interface FoundEndpoint {
  /** `http://host:port` or `https://host:port`: Host and TLS go by it. */
  readonly url: string
  /** Where it is connected to, in place of the host. */
  readonly address?: string | undefined
  /** Undefined where the source does not tell: as configured. */
  readonly weight?: number | undefined
  /** How many come before it, as a number from 0 on: added to what is configured. */
  readonly priority?: number | undefined
}

/** What a source tells. */
export interface SourceWatcher {
  /** All that there are, whether or not that is news. Never none: a source that has lost all says that it failed. */
  found(endpoints: readonly FoundEndpoint[]): void
  /** It could not be asked, or has no answer: what it found last stays. */
  failed(reason: string): void
}

/** Where endpoints are found while the gateway runs. */
export interface EndpointSource {
  /**
   * Looks from now on, again and again, and tells each time.
   * @returns ends it; nothing is told after that
   */
  watch(watcher: SourceWatcher): () => void
}
