import type { Http2Stream } from './stream.ts'
import { StreamMap } from './stream-map.ts'
import { StreamNumbers, StreamState } from './stream-states.ts'

/** So many resets of ours are remembered: a peer may have sent on these before it knew. */
const REMEMBERED = 256

/** The streams of a connection that are not closed, and what is known of the others. */
export class StreamTable {
  readonly numbers: StreamNumbers
  private readonly streams = new StreamMap()
  /** In the order of the resets, the next one to be forgotten at `oldest`. */
  private readonly recent: number[] = []
  private oldest = 0
  private reset: Set<number> | undefined = undefined

  constructor(isServer: boolean) {
    this.numbers = new StreamNumbers(isServer)
  }

  get size(): number {
    return this.streams.size
  }

  get(id: number): Http2Stream | undefined {
    return this.streams.get(id)
  }

  /** Those that are not closed, as they are now. */
  all(): Http2Stream[] {
    return this.streams.all()
  }

  add(stream: Http2Stream): void {
    this.streams.add(stream)
  }

  /** @returns false if it was not there */
  remove(stream: Http2Stream): boolean {
    if (stream.state === StreamState.reset) this.remember(stream.id)
    return this.streams.delete(stream)
  }

  stateOf(id: number): StreamState {
    const stream = this.streams.get(id)
    if (stream !== undefined) return stream.state
    return this.reset?.has(id) ? StreamState.reset : this.numbers.unknown(id)
  }

  /** A stream that never was more than a number is reset as well. */
  remember(id: number): void {
    const reset = (this.reset ??= new Set())
    const forgotten = this.recent[this.oldest]
    if (forgotten !== undefined) reset.delete(forgotten)
    this.recent[this.oldest] = id
    reset.add(id)
    this.oldest = (this.oldest + 1) % REMEMBERED
  }
}
