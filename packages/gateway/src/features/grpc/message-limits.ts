import { type Clock, type Exchange, JudgedBody, mayBeGrpc, type Policy, TrafficError } from '@headgate/core'
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
  rate: number = Infinity,
  tooLarge: (length: number, limit: number) => TrafficError,
): MessageLimits | undefined {
  if (size === Infinity && rate === Infinity) return undefined
  return { size, rate, tooLarge: (length) => tooLarge(length, size) }
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
  /** Messages in a second, and so many at once; Infinity: no limit. */
  readonly rate: number
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
  private tokens: number
  private filledAt: number

  constructor(limits: MessageLimits, clock: Clock) {
    this.limits = limits
    this.clock = clock
    this.tokens = limits.rate
    this.filledAt = clock.now()
  }

  /** Looks at what has come: why it must not go on, or undefined. */
  judge(chunk: Uint8Array): TrafficError | undefined {
    this.frames.read(chunk)
    return this.error
  }

  message(length: number): void {
    const { size, rate, tooLarge } = this.limits
    if (length > size) this.error ??= tooLarge(length)
    if (rate !== Infinity) this.take(rate)
  }

  private take(rate: number): void {
    const now = this.clock.now()
    this.tokens = Math.min(rate, this.tokens + ((now - this.filledAt) * rate) / 1000)
    this.filledAt = now
    if (this.tokens >= 1) this.tokens -= 1
    else
      this.error ??= new TrafficError('rate_limited', `more than ${rate} messages a second on one call`, {
        phase: 'request-body',
      })
  }
}
