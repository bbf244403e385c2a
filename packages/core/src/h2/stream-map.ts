import type { Http2Stream } from './stream.ts'

/** Places at first; a power of two. */
const FEW = 8

/**
 * The open streams of a connection by their numbers, which rise: most find their place free. A `Map` would do but for the garbage collector:
 * one to which entries come and go makes a new table every few dozen of them, each of which the one before refers to, so that
 * a dead one that has grown old keeps all that follow it alive, with their streams, until a full collection.
 */
export class StreamMap {
  size = 0
  private places: (Http2Stream | undefined)[] = new Array<Http2Stream | undefined>(FEW)
  /** Those whose place is taken, by one that lives long: few. */
  private others: Map<number, Http2Stream> | undefined = undefined

  get(id: number): Http2Stream | undefined {
    const stream = this.places[this.placeOf(id)]
    if (stream?.id === id) return stream
    return this.others?.get(id)
  }

  add(stream: Http2Stream): void {
    this.size++
    if (this.size * 2 > this.places.length) this.grow()
    this.put(stream)
  }

  /** @returns false if it was not there */
  delete(stream: Http2Stream): boolean {
    const place = this.placeOf(stream.id)
    if (this.places[place] === stream) this.places[place] = undefined
    else if (this.others?.delete(stream.id) !== true) return false
    this.size--
    return true
  }

  all(): Http2Stream[] {
    const all = [...(this.others?.values() ?? [])]
    for (const stream of this.places) if (stream !== undefined) all.push(stream)
    return all.sort((a, b) => a.id - b.id)
  }

  private put(stream: Http2Stream): void {
    const place = this.placeOf(stream.id)
    if (this.places[place] === undefined) this.places[place] = stream
    else (this.others ??= new Map()).set(stream.id, stream)
  }

  private grow(): void {
    const all = this.all()
    this.others = undefined
    this.places = new Array<Http2Stream | undefined>(this.places.length * 2)
    for (const stream of all) this.put(stream)
  }

  /** The numbers of one side are all odd, or all even. */
  private placeOf(id: number): number {
    return (id >>> 1) & (this.places.length - 1)
  }
}
