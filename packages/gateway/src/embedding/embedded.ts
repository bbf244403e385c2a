import { type Cancellable, Exchange, type Handler, type HttpResponse, TrafficError } from '@headgate/core'
import {
  changedWeights,
  type CompiledSplits,
  type SplitWeights,
  switchedTo,
} from '../features/split/split-weights.ts'

/**
 * What comes out of a client in the same program is an exchange that the client goes on to use: it counts its attempts in it, and
 * sends its request again. The gateway gets one of its own, as behind a socket, so that what either does with it stays its own.
 */
export function received(handler: Handler): Handler {
  return (exchange) => (exchange.attempts === 0 ? handler(exchange) : receive(exchange, handler))
}

async function receive(outer: Exchange, handler: Handler): Promise<HttpResponse> {
  const inner = new Exchange(outer.request.clone(), outer.clock, outer.peer)
  inner.deadline = outer.deadline
  inner.priority = outer.priority
  inner.inform = outer.inform
  inner.wire = outer.wire
  const worker: Cancellable = { cancelled: (error) => inner.cancel(error) }
  outer.occupy(worker)
  try {
    const response = await handler(inner)
    outer.onFinish((_outer, outcome) => inner.finish(outcome))
    return response
  } catch (thrown) {
    outer.release(worker)
    inner.finish({ status: undefined, error: TrafficError.from(thrown), bytesSent: 0, bytesReceived: 0 })
    throw thrown
  }
}

/** How a route of an embedded gateway splits its traffic. */
export interface EmbeddedSplit {
  /** By upstream: those that count. */
  readonly weights: Readonly<Record<string, number>>
  /**
   * Changes weights at once; upstreams that are not named keep theirs.
   * @throws TypeError if an upstream is not known, a weight is no whole number from 0 to 10000, or all would be 0
   */
  change(weights: Readonly<Record<string, number>>): void
  /**
   * Sends all traffic to one upstream, at once.
   * @throws TypeError if it is not one of the split
   */
  switchTo(upstream: string): void
  /** Gives it the weights of the configuration again. */
  reset(): void
}

/** @throws TypeError if there is no such route, or it has no split */
export function embeddedSplit(splits: CompiledSplits, route: string): EmbeddedSplit {
  const weights = splits.get(route)?.weights
  if (weights === undefined) throw new TypeError(`there is no route ${JSON.stringify(route)} with a split`)
  return {
    get weights() {
      return weights.byName
    },
    change: (wanted) => apply(route, weights, changedWeights(weights, wanted)),
    switchTo: (upstream) => apply(route, weights, switchedTo(weights, upstream)),
    reset: () => weights.change(weights.configured),
  }
}

function apply(route: string, weights: SplitWeights, next: readonly number[] | string): void {
  if (typeof next === 'string') throw new TypeError(`split of route ${route}: ${next}`)
  weights.change(next)
}
