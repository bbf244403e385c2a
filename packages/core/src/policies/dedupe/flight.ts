import type { Body } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Cancellable, Exchange } from '../../message/exchange.ts'
import { copyExchange } from '../../message/fork.ts'
import type { Handler } from '../../message/handler.ts'
import { HttpResponse } from '../../message/response.ts'
import { SharedBody, type SharedBodyOwner, type SharedReader } from './shared-body.ts'

/** What a flight is run by. */
export interface FlightRules {
  /** Bytes of the body to keep at most. */
  readonly buffer: number
  readonly shareable: (response: HttpResponse) => boolean
  /** Nobody can join any more. */
  readonly closed: (flight: Flight) => void
  /** Whether the body is kept elsewhere, for those who fall behind. Default: it is not. */
  readonly keepsRest?: () => boolean
}

/** One request that is sent for several exchanges. It belongs to none of them, and is given up when all have left. */
export class Flight implements SharedBodyOwner {
  /** What is sent. */
  readonly exchange: Exchange
  private readonly rules: FlightRules
  private readonly passengers = new Set<Passenger>()
  private response: HttpResponse | undefined
  private body: SharedBody | undefined

  constructor(first: Exchange, rules: FlightRules) {
    this.exchange = copyExchange(first, first.request.clone())
    this.rules = rules
  }

  /** Sends it; what becomes of it is told to those who have joined. */
  async start(next: Handler): Promise<void> {
    let response: HttpResponse
    try {
      response = await next(this.exchange)
    } catch (thrown) {
      return this.failed(TrafficError.from(thrown))
    }
    this.answered(response)
  }

  /** Returns a response of the passenger's own, or undefined: it must send its request itself. */
  join(exchange: Exchange): Promise<HttpResponse | undefined> {
    // It must not end before the last of them would.
    this.exchange.deadline = Math.max(this.exchange.deadline, exchange.deadline)
    return new Promise((resolve, reject) => {
      const passenger = new Passenger(this, exchange, resolve, reject)
      this.passengers.add(passenger)
      if (this.response !== undefined) this.serve(passenger, this.response)
    })
  }

  /** An exchange that has joined needs nothing more of it, while it goes on itself. */
  giveUp(exchange: Exchange, error: TrafficError): void {
    for (const passenger of this.passengers)
      if (passenger.exchange === exchange) {
        exchange.release(passenger)
        passenger.cancelled(error)
      }
  }

  /** For a passenger: it needs nothing more of this flight. */
  leave(passenger: Passenger): void {
    if (!this.passengers.delete(passenger) || this.passengers.size > 0) return
    this.rules.closed(this)
    // Of no effect where it has ended.
    const error = new TrafficError('cancelled', 'all who waited for this response have left')
    this.exchange.cancel(error)
    this.end(undefined, error)
  }

  closedToJoiners(): void {
    this.rules.closed(this)
  }

  keepsRest(): boolean {
    return this.rules.keepsRest?.() === true
  }

  /** Whether somebody waits for `giveRest`. */
  get needsRest(): boolean {
    return this.body?.isWaitedFor === true
  }

  /** What was kept elsewhere is here, or will not be: see `SharedBody.giveRest`. */
  giveRest(open: ((first: number) => Body) | undefined): void {
    this.body?.giveRest(open)
  }

  bodyEnded(error: TrafficError | undefined): void {
    this.end(this.response?.status, error)
  }

  private answered(response: HttpResponse): void {
    const passengers = [...this.passengers]
    // All have left: nobody reads it.
    if (passengers.length === 0)
      return response.body.cancel(new TrafficError('cancelled', 'nobody waits for it'))
    if (!this.rules.shareable(response)) return this.single(response, passengers)
    this.response = response
    if (response.body.whole === undefined) {
      this.body = new SharedBody(response.body, this.rules.buffer, this)
      for (const passenger of passengers) this.serve(passenger, response)
      return
    }
    this.rules.closed(this)
    const [first, ...others] = passengers
    for (const passenger of others) this.serve(passenger, response)
    // The last one to have it needs no copy.
    if (first !== undefined) {
      first.learn(this.exchange)
      this.passengers.delete(first)
      first.arrive(response)
    }
    this.end(response.status, undefined)
  }

  private serve(passenger: Passenger, response: HttpResponse): void {
    passenger.learn(this.exchange)
    if (this.body === undefined) {
      this.passengers.delete(passenger)
      passenger.arrive(copyOf(response, response.body))
      return
    }
    const reader = this.body.join(() => passenger.done())
    if (reader === undefined) {
      this.passengers.delete(passenger)
      passenger.arrive(undefined)
    } else passenger.read(copyOf(response, reader), reader)
  }

  /** It was made for one: the first has it, as if nobody else had been there. The others ask for themselves. */
  private single(response: HttpResponse, passengers: readonly Passenger[]): void {
    this.rules.closed(this)
    const [first, ...others] = passengers
    for (const passenger of others) {
      this.passengers.delete(passenger)
      passenger.arrive(undefined)
    }
    first?.learn(this.exchange)
    first?.own(response)
  }

  private failed(error: TrafficError): void {
    this.rules.closed(this)
    const passengers = [...this.passengers]
    this.passengers.clear()
    this.end(undefined, error)
    for (const passenger of passengers) {
      passenger.learn(this.exchange)
      passenger.fail(error)
    }
  }

  /** For those inside that wait for the end, as a concurrency limit does. What was sent on is known to the passengers. */
  private end(status: number | undefined, error: TrafficError | undefined): void {
    this.exchange.finish({ status, error, bytesSent: 0, bytesReceived: 0 })
  }
}

/** One exchange that waits for a flight, or reads what it brought. */
class Passenger implements Cancellable {
  readonly exchange: Exchange
  private readonly flight: Flight
  private readonly resolve: (response: HttpResponse | undefined) => void
  private readonly reject: (error: TrafficError) => void
  private reader: SharedReader | undefined
  private owning = false

  constructor(
    flight: Flight,
    exchange: Exchange,
    resolve: (response: HttpResponse | undefined) => void,
    reject: (error: TrafficError) => void,
  ) {
    this.flight = flight
    this.exchange = exchange
    this.resolve = resolve
    this.reject = reject
    exchange.occupy(this)
  }

  cancelled(error: TrafficError): void {
    this.reject(error)
    if (this.owning) this.flight.exchange.cancel(error)
    else if (this.reader !== undefined) this.reader.abort(error)
    else this.flight.leave(this)
  }

  /** For the logs: what was true of the flight is true of all in it. */
  learn({ endpoint, attempts, wire }: Exchange): void {
    this.exchange.endpoint = endpoint
    this.exchange.attempts = attempts
    if (this.exchange.wire !== undefined) this.exchange.wire = wire
  }

  /** It has all that it will get of the flight. */
  arrive(response: HttpResponse | undefined): void {
    this.exchange.release(this)
    this.resolve(response)
  }

  fail(error: TrafficError): void {
    this.exchange.release(this)
    this.reject(error)
  }

  /** It has the head, and reads on. */
  read(response: HttpResponse, reader: SharedReader): void {
    this.reader = reader
    this.resolve(response)
  }

  /** It reads no more. */
  done(): void {
    this.exchange.release(this)
    this.flight.leave(this)
  }

  /** The flight is its own. */
  own(response: HttpResponse): void {
    this.owning = true
    this.exchange.onFinish((_exchange, ended) => this.flight.exchange.finish(ended))
    this.resolve(response)
  }
}

/** Each who waits may change the head of its own. */
function copyOf({ status, headers, reason, version }: HttpResponse, body: Body): HttpResponse {
  const copy = new HttpResponse(status, headers.clone(), body)
  copy.reason = reason
  copy.version = version
  return copy
}
