import type { Body } from '../../message/body.ts'
import { drain } from '../../message/drain.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import { Fork } from '../../message/fork.ts'
import type { Handler } from '../../message/handler.ts'
import { RelayedBody } from '../../message/relayed-body.ts'
import type { HttpRequest } from '../../message/request.ts'
import type { HttpResponse } from '../../message/response.ts'
import { backoff, type BackoffOptions, sleep } from '../retry/backoff.ts'
import { isContinuation } from './continuation.ts'
import type { RetryBudget } from '../retry/retry-budget.ts'

/** What a body is resumed by. */
export interface ResumeRules {
  readonly resumptions: number
  readonly backoff: BackoffOptions
  readonly budget: RetryBudget
  readonly onResume: ((exchange: Exchange, received: number) => void) | undefined
  readonly etag: string
}

/** A body that asks for its rest where it breaks off. */
export class ResumedBody extends RelayedBody {
  private readonly exchange: Exchange
  private readonly request: HttpRequest
  private readonly next: Handler
  private readonly rules: ResumeRules
  private fork: Fork | undefined
  private received = 0
  private resumed = 0
  private room = true
  /** What goes on, when there is room again. */
  private waiting: Body | undefined
  private cancellation: TrafficError | undefined

  constructor(inner: Body, exchange: Exchange, request: HttpRequest, next: Handler, rules: ResumeRules) {
    super(inner)
    this.exchange = exchange
    this.request = request
    this.next = next
    this.rules = rules
  }

  override resume(): void {
    this.room = true
    const { waiting } = this
    this.waiting = undefined
    if (waiting === undefined) this.inner.resume()
    else waiting.flowTo(this)
  }

  override cancel(error: TrafficError): void {
    this.cancellation ??= error
    super.cancel(error)
    this.fork?.drop(error.message)
  }

  override write(chunk: Uint8Array): boolean {
    this.received += chunk.byteLength
    this.room = super.write(chunk)
    return this.room
  }

  override fail(error: TrafficError): void {
    const delay = this.nextDelay(error)
    if (delay === undefined) super.fail(error)
    else void this.goOn(error, delay)
  }

  /** Milliseconds until the rest is asked for; undefined if it is not. */
  private nextDelay(error: TrafficError): number | undefined {
    const { exchange, rules } = this
    if (exchange.cancellation !== undefined || error.source !== 'upstream') return undefined
    if (this.resumed >= rules.resumptions) return undefined
    const delay = backoff(rules.backoff, this.resumed + 1, exchange.clock)
    return delay < exchange.remaining() && rules.budget.take() ? delay : undefined
  }

  /** Whatever goes wrong here, what broke the body is what its reader is told. */
  private async goOn(broken: TrafficError, delay: number): Promise<void> {
    this.resumed++
    this.fork?.drop(broken.message)
    this.fork = undefined
    let rest: Body | undefined
    try {
      await sleep(delay, this.exchange)
      rest = await this.askForRest()
    } catch (thrown) {
      this.forkFailed(TrafficError.from(thrown))
    }
    if (this.cancellation !== undefined) return rest?.cancel(this.cancellation)
    if (rest === undefined) return super.fail(this.exchange.cancellation ?? broken)
    this.inner = rest
    if (this.room) rest.flowTo(this)
    else this.waiting = rest
  }

  private async askForRest(): Promise<Body | undefined> {
    const { exchange, rules, received } = this
    if (this.cancellation !== undefined) return undefined
    rules.onResume?.(exchange, received)
    const request = this.request.clone()
    request.headers.put('range', `bytes=${received}-`)
    request.headers.put('if-match', rules.etag)
    const fork = new Fork(exchange, request)
    this.fork = fork
    // A request of its own, to those inside that count tries.
    fork.exchange.attempts = 0
    let response: HttpResponse
    try {
      response = await this.next(fork.exchange)
    } finally {
      exchange.attempts += Math.max(1, fork.exchange.attempts)
    }
    fork.adopt()
    if (isContinuation(response, rules.etag, received, this.length)) return response.body
    drain(response.body, exchange.clock)
    return undefined
  }

  private forkFailed(error: TrafficError): void {
    this.fork?.drop(error.message)
    this.fork = undefined
  }
}
