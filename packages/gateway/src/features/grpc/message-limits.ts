import {
  type Clock,
  type Exchange,
  gcra,
  type GcraParameters,
  gcraParameters,
  JudgedBody,
  mayBeGrpc,
  type Policy,
  TrafficError,
} from '@headgate/core'
import type { GrpcConfig } from './setting.ts'
import { type FrameListener, MessageFrames } from './message-frames.ts'

/** The policy of a route with limits on messages; undefined for one without. */
export function limitMessages(config: GrpcConfig): Policy | undefined {
  const { maxRequestMessage, maxResponseMessage, messagesPerSecond } = config
  const request = limitsOf(maxRequestMessage, messagesPerSecond, requestTooLarge)
  const response = limitsOf(maxResponseMessage, undefined, responseTooLarge)
  if ((request ?? response) === undefined) return undefined
  return (next) =>
    async function grpcLimits(exchange) {
      if (!mayBeGrpc(exchange.request.headers.get('content-type'))) return next(exchange)
      if (request !== undefined) limitRequest(exchange, request)
      const answer = await next(exchange)
      const { body, headers } = answer
      if (response !== undefined && body.length !== 0 && mayBeGrpc(headers.get('content-type')))
        answer.body = new JudgedBody(body, judgeOf(response, exchange.clock))
      return answer
    }
}

/** @throws TrafficError what is here already must not pass; what comes later ends the exchange */
function limitRequest(exchange: Exchange, limits: MessageLimits): void {
  const { request, clock } = exchange
  const judge = judgeOf(limits, clock)
  const { whole } = request.body
  if (whole === undefined)
    request.body = new JudgedBody(request.body, judge, (error) => exchange.cancel(error))
  else {
    const error = judge(whole.bytes)
    if (error !== undefined) throw error
  }
}

function judgeOf(limits: MessageLimits, clock: Clock): (chunk: Uint8Array) => TrafficError | undefined {
  const guard = new MessageGuard(limits, clock)
  return (chunk) => guard.judge(chunk)
}

function limitsOf(
  size: number = Infinity,
  rate: number | undefined,
  tooLarge: (length: number, limit: number) => TrafficError,
): MessageLimits | undefined {
  if (size === Infinity && rate === undefined) return undefined
  const pace = rate === undefined ? undefined : gcraParameters({ rate })
  return { size, pace, tooLarge: (length) => tooLarge(length, size) }
}

function requestTooLarge(length: number, limit: number): TrafficError {
  const message = `a message of ${length} bytes; the limit is ${limit} (grpc.maxRequestMessage)`
  return new TrafficError('request_body_too_large', message, { phase: 'request-body' })
}

function responseTooLarge(length: number, limit: number): TrafficError {
  const message = `a message of ${length} bytes from the upstream; the limit is ${limit} (grpc.maxResponseMessage)`
  return new TrafficError('response_body_too_large', message, { phase: 'response-body' })
}

/** What holds for the messages of one side of a call. */
interface MessageLimits {
  /** Bytes of a message; Infinity: no limit. */
  readonly size: number
  /** Messages in a second, and so many at once; undefined: no limit. */
  readonly pace: GcraParameters | undefined
  /** The failure that a message of so many bytes is. */
  readonly tooLarge: (length: number) => TrafficError
}

/** Judges the messages of one side of a call, as their prefixes pass. */
export class MessageGuard implements FrameListener {
  /** What the first message that is beyond a limit has broken. */
  error: TrafficError | undefined
  private readonly frames = new MessageFrames(this)
  private readonly limits: MessageLimits
  private readonly clock: Clock
  /** The theoretical arrival of the next message. */
  private arrival = -Infinity

  constructor(limits: MessageLimits, clock: Clock) {
    this.limits = limits
    this.clock = clock
  }

  /** Looks at what has come: why it must not go on, or undefined. */
  judge(chunk: Uint8Array): TrafficError | undefined {
    this.frames.read(chunk)
    return this.error
  }

  message(length: number): void {
    const { size, pace, tooLarge } = this.limits
    if (length > size) this.error ??= tooLarge(length)
    if (pace !== undefined) this.keepPace(pace)
  }

  private keepPace(pace: GcraParameters): void {
    const { allowed, arrival } = gcra(pace, this.arrival, this.clock.now(), 1, 0)
    this.arrival = arrival
    if (allowed) return
    const reason = `more than ${pace.burst} messages a second on one call`
    this.error ??= new TrafficError('rate_limited', reason, { phase: 'request-body' })
  }
}
