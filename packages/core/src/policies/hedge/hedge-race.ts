import { drain } from '../../message/drain.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import { Fork } from '../../message/fork.ts'
import type { Handler } from '../../message/handler.ts'
import { replayed } from '../../message/replay.ts'
import type { HttpRequest } from '../../message/request.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { Timer } from '../../time/timer.ts'
import type { HedgeDelay } from './hedge-delay.ts'
import type { RetryBudget } from '../retry/retry-budget.ts'

/** What a race is run by. */
export interface RaceRules {
  readonly delay: HedgeDelay
  /** Milliseconds, for this race: the delay of the moment. */
  readonly wait: number
  readonly hedges: number
  readonly budget: RetryBudget
  readonly good: (response: HttpResponse) => boolean
  readonly onHedge: ((exchange: Exchange) => void) | undefined
}

/** One that is under way. */
interface Runner {
  readonly fork: Fork
  readonly startedAt: number
}

/**
 * One exchange, sent as often as it takes. Ends with the first good response; when all have come back without one, with the
 * best of what they brought: a response rather than an error.
 */
export class HedgeRace {
  private readonly exchange: Exchange
  private readonly next: Handler
  private readonly rules: RaceRules
  /** As it was before the policies further in changed it. */
  private readonly pristine: HttpRequest
  private readonly timer: Timer
  private readonly runners: Runner[] = []
  private sent = 0
  private spare: { readonly response: HttpResponse; readonly fork: Fork } | undefined
  private over = false
  private resolve: (response: HttpResponse) => void = () => {}
  private reject: (error: TrafficError) => void = () => {}

  constructor(exchange: Exchange, next: Handler, rules: RaceRules) {
    this.exchange = exchange
    this.next = next
    this.rules = rules
    this.pristine = exchange.request.clone()
    this.timer = exchange.clock.timer(() => this.hedge())
  }

  run(): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
      this.timer.arm(this.rules.wait)
      this.send(this.exchange.request)
    })
  }

  private hedge(): void {
    const { exchange, rules, pristine } = this
    if (this.over || exchange.cancellation !== undefined) return
    if (!rules.budget.take()) return
    rules.onHedge?.(exchange)
    const request = pristine.clone()
    request.body = replayed(pristine.body)
    this.send(request)
    if (this.sent <= rules.hedges) this.timer.arm(rules.wait)
  }

  private send(request: HttpRequest): void {
    const { exchange } = this
    const fork = new Fork(exchange, request)
    const runner = { fork, startedAt: exchange.clock.now() }
    this.sent++
    // The first is the attempt that whoever stands outside has counted.
    if (this.sent > 1) {
      exchange.attempts++
      fork.exchange.attempts = exchange.attempts
      // To another endpoint than the one that is slow.
      const others = this.runners.map((each) => each.fork.exchange.endpoint)
      fork.exchange.endpoint = others[0] ?? ''
      fork.exchange.tried = [...(exchange.tried ?? []), ...others]
    } else fork.exchange.inform = exchange.inform
    this.runners.push(runner)
    void this.attempt(runner)
  }

  private async attempt(runner: Runner): Promise<void> {
    let response: HttpResponse
    try {
      response = await this.next(runner.fork.exchange)
    } catch (thrown) {
      return this.failed(runner, TrafficError.from(thrown))
    }
    this.answered(runner, response)
  }

  private answered(runner: Runner, response: HttpResponse): void {
    const { exchange, rules } = this
    if (this.over) return drain(response.body, exchange.clock)
    this.left(runner)
    rules.delay.record(exchange.clock.now() - runner.startedAt)
    if (this.runners.length > 0 && !rules.good(response)) {
      // In case that nothing better comes.
      this.dropSpare()
      this.spare = { response, fork: runner.fork }
      return
    }
    this.finish()
    runner.fork.adopt()
    this.resolve(response)
  }

  private failed(runner: Runner, error: TrafficError): void {
    const { exchange } = this
    if (this.over) return
    this.left(runner)
    // What is our own doing will not be better for another.
    if (this.runners.length > 0 && error.source === 'upstream') {
      runner.fork.drop(error.message)
      return
    }
    const { spare } = this
    this.spare = undefined
    this.finish()
    // For the next try to avoid.
    exchange.endpoint = runner.fork.exchange.endpoint
    exchange.choices = runner.fork.exchange.choices
    runner.fork.drop(error.message)
    if (spare === undefined || exchange.cancellation !== undefined) {
      spare?.fork.drop(error.message)
      return this.reject(error)
    }
    spare.fork.adopt()
    this.resolve(spare.response)
  }

  private left(runner: Runner): void {
    this.runners.splice(this.runners.indexOf(runner), 1)
  }

  /** No more are sent, and those under way are not needed. */
  private finish(): void {
    this.over = true
    this.timer.disarm()
    this.dropSpare()
    const now = this.exchange.clock.now()
    for (const { fork, startedAt } of this.runners) {
      this.rules.delay.record(now - startedAt)
      fork.drop('another request for the same exchange was answered first')
    }
  }

  private dropSpare(): void {
    this.spare?.fork.drop('another response to the same exchange was better')
    this.spare = undefined
  }
}
