import type { Socket } from 'node:net'
import { type BodySource, StreamBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import { BodyReader } from './body-reader.ts'
import type { Exchange } from '../message/exchange.ts'
import type { ServerConnectionOptions } from '../socket/connection-options.ts'
import { WireFault } from './fault.ts'
import { CHUNKED } from './framing.ts'
import type { Intake } from './intake.ts'
import { Pace } from '../socket/pace.ts'

/** The connection that a request's body arrives on. */
export interface IncomingBodyOwner {
  /**
   * The body was read to its end; `behind` is what the peer sent after it.
   * @param kept whether that stays where it is, and need not be copied
   */
  bodyRead(behind: Buffer | undefined, kept: boolean): void
  /** The request will never be complete. */
  bodyBroken(error: TrafficError): void
  /** The body is wanted by someone, and the peer waits to be told (RFC 9110 10.1.1). */
  continueWanted(): void
}

/**
 * Bytes of a body that are read although nobody takes them yet: a peer that leaves while its exchange waits is noticed only on
 * a socket that is read, and most bodies are smaller.
 */
const READ_AHEAD = 16 * 1024

/** The body of a request while it arrives: read as fast as it is taken, or read and thrown away after an early answer. */
export class IncomingBody implements BodySource {
  readonly stream: StreamBody
  private readonly socket: Socket
  private readonly options: ServerConnectionOptions
  private readonly owner: IncomingBodyOwner
  private readonly exchange: Exchange
  private readonly reader: BodyReader
  private readonly pace: Pace
  private continueOwed: boolean
  private flowing = false
  private answered = false
  private discarding = false
  private discarded = 0

  /** @param continueOwed whether the peer sends nothing before it gets 100 */
  constructor(
    socket: Socket,
    { framing, request }: Intake,
    exchange: Exchange,
    continueOwed: boolean,
    options: ServerConnectionOptions,
    owner: IncomingBodyOwner,
  ) {
    this.socket = socket
    this.options = options
    this.owner = owner
    this.exchange = exchange
    this.continueOwed = continueOwed
    this.stream = new StreamBody(framing === CHUNKED ? undefined : framing, this, READ_AHEAD)
    const connection = request.headers.get('connection')
    this.reader = new BodyReader(framing, this.stream, options.limits, 'malformed_request', connection)
    this.pace = new Pace(options.clock, options.pace, () => this.tooSlow())
    this.pace.start()
    if (continueOwed) this.pace.pause()
  }

  /**
   * Bytes came from the socket; returns whether their memory may be used again.
   * @param kept whether nobody will use it again anyway
   */
  read(chunk: Buffer, kept: boolean): boolean {
    this.pace.progress(chunk.length)
    const next = this.reader.feed(chunk, 0)
    if (next instanceof WireFault) this.break(next.toError('request-body'))
    else if (this.reader.done) {
      this.pace.stop()
      this.owner.bodyRead(next < chunk.length ? chunk.subarray(next) : undefined, kept)
      this.reader.finish()
    } else if (this.discarding) {
      this.discarded += chunk.length
      if (this.discarded > this.options.discardLimit) this.break(tooMuchToDiscard())
    } else if (!this.reader.room) this.wait()
    else if (!this.flowing) this.pace.pause()
    return this.stream.holdsNothing
  }

  /** The route may be known by now, and have times of its own. */
  followTimes(): void {
    const { times } = this.exchange
    if (times !== undefined) this.pace.use(times.downstream)
  }

  /** Whether it is not worth reading to its end for the sake of the connection, if nobody else wants it. */
  get notWorthReading(): boolean {
    return this.continueOwed || (!this.flowing && this.reader.expected > this.options.discardLimit)
  }

  /** The request is answered: unless somebody is still at it, as an upstream that answered early, the rest is thrown away. */
  discard(): void {
    this.answered = true
    if (this.flowing) return
    this.stream.cancel(new TrafficError('cancelled', 'answered before the request body was read'))
    this.discarding = true
    this.reader.room = true
    this.pace.resume()
    this.socket.resume()
  }

  /** The connection is lost or closing. */
  stop(error: TrafficError): void {
    this.pace.stop()
    this.stream.fail(error)
  }

  resumeBody(): void {
    if (this.discarding) return
    this.flowing = true
    this.followTimes()
    if (this.continueOwed) {
      this.continueOwed = false
      this.owner.continueWanted()
    }
    this.reader.room = true
    this.pace.resume()
    this.socket.resume()
  }

  /** Nobody wants the rest: what becomes of it is decided when the response is written. */
  cancelBody(): void {
    this.flowing = false
    if (this.discarding) return
    if (this.answered) this.discard()
    else this.wait()
  }

  private wait(): void {
    this.socket.pause()
    this.pace.pause()
  }

  private break(error: TrafficError): void {
    this.pace.stop()
    this.owner.bodyBroken(error)
    this.stream.fail(error)
  }

  private tooSlow(): void {
    this.break(
      new TrafficError('request_timeout', 'the request body comes too slowly', { phase: 'request-body' }),
    )
  }
}

function tooMuchToDiscard(): TrafficError {
  return new TrafficError('cancelled', 'too much is left of a request body that nobody reads')
}
