import type { Http2Stream } from './stream.ts'

/** One turn of so many goes to those who would wait else, whatever their urgency: nobody is starved (RFC 9218 10). */
const SHARED_TURN = 16

/**
 * The streams that have content to send and a window for it, by urgency (RFC 9218 10): the more urgent ones are sent before others; of the
 * same urgency, those that are of use in parts take turns, and one that is of use as a whole is sent to its end.
 */
export class ReadyStreams {
  size = 0
  /** By urgency, each in the order of its turns; made when they are needed, which most are never. */
  private readonly levels: Http2Stream[][] = []
  /** A bit for each urgency of which there are streams: the lowest is the most urgent. */
  private occupied = 0
  private turns = 0
  private isShared = false
  /** The urgency of the last turn that was shared. */
  private lastShared = 7

  /** Behind those of the same urgency. */
  add(stream: Http2Stream): void {
    this.levelOf(stream).push(stream)
  }

  /** The one whose turn it is; the caller has seen to it that there is one. It is taken out. */
  take(): Http2Stream {
    this.size--
    this.isShared = ++this.turns % SHARED_TURN === 0
    return this.isShared && this.size > 0 ? this.takeLeft() : this.from(urgentMost(this.occupied), 0)
  }

  /** It has had its turn, and is not done. */
  putBack(stream: Http2Stream): void {
    const level = this.levelOf(stream)
    if (stream.priority.incremental || this.isShared) level.push(stream)
    else level.unshift(stream)
  }

  remove(stream: Http2Stream): void {
    const { urgency } = stream.priority
    const at = this.levels[urgency]?.indexOf(stream) ?? -1
    if (at < 0) return
    this.size--
    this.from(urgency, at)
  }

  /** One that waits while others are sent: of each urgency in turn, and behind one that is sent to its end. */
  private takeLeft(): Http2Stream {
    const beyond = this.occupied & (0xfe << this.lastShared)
    const urgency = urgentMost(beyond === 0 ? this.occupied : beyond)
    this.lastShared = urgency
    const level = this.levels[urgency] ?? []
    return this.from(urgency, level.length > 1 && level[0]?.priority.incremental === false ? 1 : 0)
  }

  private from(urgency: number, at: number): Http2Stream {
    const level = this.levels[urgency] as Http2Stream[] // it is occupied
    const stream = at === 0 ? level.shift() : level.splice(at, 1)[0]
    if (level.length === 0) this.occupied &= ~(1 << urgency)
    return stream as Http2Stream // hence it is there
  }

  private levelOf({ priority: { urgency } }: Http2Stream): Http2Stream[] {
    this.size++
    this.occupied |= 1 << urgency
    return (this.levels[urgency] ??= [])
  }
}

function urgentMost(occupied: number): number {
  return 31 - Math.clz32(occupied & -occupied)
}
