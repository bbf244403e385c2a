import type { Span } from '../telemetry/tracer.ts'
import type { Clock } from '../time/clock.ts'
import { reportDefect } from '../time/defect.ts'
import { TrafficError } from './errors.ts'
import type { ExchangeTimes } from './exchange-times.ts'
import type { HeaderList } from './headers.ts'
import type { HttpRequest, HttpVersion, Scheme } from './request.ts'
import type { WireFacts } from './wire-facts.ts'

/** The peer that asked, as its socket shows it, or the proxy that the socket leads to tells (PROXY protocol). */
export interface Peer {
  /** IP address, without brackets; empty for a unix socket or a call from code. */
  readonly address: string
  readonly port: number
  readonly encrypted: boolean
  /** Undefined where the socket leads to the peer itself. */
  readonly proxy?: TellingProxy | undefined
}

/** A proxy that has told by the PROXY protocol for whom it has opened a connection. */
export interface TellingProxy {
  readonly address: string
  readonly port: number
  /** What the peer has connected to there. */
  readonly destination: { readonly address: string; readonly port: number }
}

/** How an exchange ended. */
export interface Outcome {
  /** Undefined if no response head was written. */
  readonly status: number | undefined
  /** What broke it, before or after the head; undefined if the response was delivered whole. */
  readonly error: TrafficError | undefined
  /** Bytes of content sent to the peer that asked; after a switch of protocols, those of the tunnel. */
  readonly bytesSent: number
  /** The same of what it sent. */
  readonly bytesReceived: number
}

/** Told when an exchange is cancelled: whoever works on it at that moment stops. */
export interface Cancellable {
  cancelled(error: TrafficError): void
}

/** What limits the time of an exchange, and of the copies that are sent in its place. */
export interface TimeLimit {
  /**
   * Asked when the time is over, before the exchange is given up. True: another answer comes at once, and may take the time that
   * it takes to be sent.
   */
  standIn: ((error: TrafficError) => boolean) | undefined
}

/** Called when an exchange has ended. */
export type Finisher = (exchange: Exchange, outcome: Outcome) => void

const FROM_CODE: Peer = { address: '', port: 0, encrypted: false }

/** One request, its response, and what is known of both on the way. */
export class Exchange {
  readonly request: HttpRequest
  readonly clock: Clock
  /** The socket's peer. */
  readonly peer: Peer
  /** The peer, or who it says that it speaks for where it is a trusted proxy. */
  clientAddress: string
  /** How the client connected: to us, or to the first trusted proxy, as that says. Not changed with the request's own. */
  clientScheme: Scheme
  /** Set by the request-id policy; empty before. */
  id = ''
  /** What a face's events speak of it by; 0 while nobody has asked. */
  number = 0
  /** The name of the route taken; empty before routing. */
  route = ''
  /** Parameters of the route's path, as `:id`. */
  params: Readonly<Record<string, string>> = NO_PARAMS
  /** `clock.now()` when the request's head was complete. */
  readonly startedAt: number
  /** `clock.now()` by which it must have ended. */
  deadline: number = Infinity
  /** By what its time is limited; undefined while it is not. */
  timeLimit: TimeLimit | undefined
  /** The times of its route, where it has its own. */
  times: ExchangeTimes | undefined
  /** Its class where slots are scarce, from 0, the highest; undefined for the middle one. */
  priority: number | undefined
  /** Tries made so far. */
  attempts = 0
  /** Whether the upstream sees the Host that the peer used; else its endpoint's own. */
  preserveHost = true
  /** No further try may use a connection that was used before: one such was found closed. */
  freshConnection = false
  /** The endpoint of the last try, for logs; empty before. */
  endpoint = ''
  /** The version of HTTP that the last try was sent in; undefined before. */
  upstreamVersion: HttpVersion | undefined
  /** The endpoints of all tries that failed, for the next one to avoid; undefined until one did. */
  tried: string[] | undefined
  /** How many endpoints its upstream could choose from at the last try; 0 before, and where there is no upstream. */
  choices = 0
  /** The failure that was answered with a status of its own, for logs. */
  error: TrafficError | undefined
  /** The span that stands for it, if it is traced: that of an attempt is its child. */
  span: Span | undefined
  /** What the wire tells of it; undefined where its face does not ask. */
  wire: WireFacts | undefined
  /** Why it was given up; undefined while it is wanted. */
  cancellation: TrafficError | undefined
  /** Passes 1xx responses on to the peer that asked (RFC 9110 15.2); a face that cannot leaves it undefined. */
  inform: ((status: number, headers: HeaderList) => void) | undefined
  /** Called with the fields of each 1xx response before it is passed on: as a policy's last word on those of the final one. */
  beforeInform: ((headers: HeaderList) => void) | undefined
  /** What single features know of it (`fact`); undefined while they know nothing. */
  facts: Map<symbol, unknown> | undefined
  private worker: Cancellable | undefined
  private moreWorkers: Cancellable[] | undefined
  private finisher: Finisher | undefined
  private moreFinishers: Finisher[] | undefined
  private outcome: Outcome | undefined

  constructor(request: HttpRequest, clock: Clock, peer: Peer = FROM_CODE, startedAt: number = clock.now()) {
    this.request = request
    this.clock = clock
    this.peer = peer
    this.clientAddress = peer.address
    this.clientScheme = request.scheme
    this.startedAt = startedAt
  }

  /** Milliseconds until the deadline; Infinity without one. */
  remaining(): number {
    return this.deadline === Infinity ? Infinity : this.deadline - this.clock.now()
  }

  /** Gives the exchange up: everyone at work on it is told, once. */
  cancel(error: TrafficError): void {
    if (this.cancellation !== undefined || this.outcome !== undefined) return
    this.cancellation = error
    const workers = [this.worker, ...(this.moreWorkers ?? [])]
    this.worker = undefined
    this.moreWorkers = undefined
    for (const worker of workers) {
      try {
        worker?.cancelled(error)
      } catch (thrown) {
        reportDefect('a callback of a cancellation', thrown)
      }
    }
  }

  /** From now until `release`, `worker` is told of a cancellation. */
  occupy(worker: Cancellable): void {
    if (this.worker === undefined) this.worker = worker
    else if (this.moreWorkers === undefined) this.moreWorkers = [worker]
    else this.moreWorkers.push(worker)
  }

  release(worker: Cancellable): void {
    if (this.worker === worker) this.worker = undefined
    else this.moreWorkers = this.moreWorkers?.filter((each) => each !== worker)
  }

  /** Calls `finisher` once, when the response has been delivered or has failed; at once, if it has. Last added, first called. */
  onFinish(finisher: Finisher): void {
    if (this.outcome !== undefined) this.tell(finisher, this.outcome)
    else if (this.finisher === undefined) this.finisher = finisher
    else if (this.moreFinishers === undefined) this.moreFinishers = [finisher]
    else this.moreFinishers.push(finisher)
  }

  /** For the face: the exchange has ended. Only the first call counts. */
  finish(outcome: Outcome): void {
    if (this.outcome !== undefined) return
    this.outcome = outcome
    const { moreFinishers } = this
    if (moreFinishers !== undefined)
      for (const finisher of moreFinishers.reverse()) this.tell(finisher, outcome)
    if (this.finisher !== undefined) this.tell(this.finisher, outcome)
  }

  /** One that throws must not end the process, nor keep it from the others; these find what it threw in `error`. */
  private tell(finisher: Finisher, outcome: Outcome): void {
    try {
      finisher(this, outcome)
    } catch (thrown) {
      this.error ??= TrafficError.from(thrown)
      reportDefect('an onFinish callback', thrown)
    }
  }
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({})
