import { goesByLatency } from './balance/balance.ts'
import type { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { HttpResponse } from '../message/response.ts'
import type { BalanceOptions } from './balance/balance.ts'
import type { StickySessions, StickyOptions } from './balance/balance-sticky.ts'
import type { EndpointGate } from './endpoint/endpoint-gate.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import type { OutlierOptions } from './health/outlier.ts'
import { sendThrough } from './pool/send.ts'

/** What decides about the steps that an upstream has. */
export interface StepOptions {
  readonly balance?: BalanceOptions | undefined
  readonly sticky?: StickyOptions | undefined
  readonly outliers?: OutlierOptions | undefined
  readonly gate?: ((endpoint: string) => EndpointGate) | undefined
}

/** What the steps of an upstream work with. */
export interface StepContext {
  readonly sticky: StickySessions<Endpoint> | undefined
  /** Undefined if there is none to be had. @param held that which the client is held to */
  choose(exchange: Exchange, held: Endpoint | undefined): Endpoint | undefined
  noneLeft(exchange: Exchange): TrafficError
  endpointNamed(name: string): Endpoint | undefined
}

/** Sends an exchange on. The endpoint is the one that the client is held to, and from `balance` on the one that was chosen. */
export type Send = (exchange: Exchange, endpoint: Endpoint | undefined) => Promise<HttpResponse>
type SendTo = (exchange: Exchange, endpoint: Endpoint) => Promise<HttpResponse>

/** What an upstream does with each attempt, one step of it. */
export interface UpstreamStep {
  readonly name: 'sticky' | 'balance' | 'gate' | 'outliers' | 'send'
  /** For the docs: a phrase that begins with a verb. */
  readonly about: string
  isIn(options: StepOptions): boolean
  wrap(next: Send, context: StepContext): Send
}

/**
 * The order in which an attempt meets what an upstream does, outermost first: all of it, and written nowhere else. Balancer,
 * gates and connection pools are no policies of a face: what they share is the endpoint, which they hand on.
 */
export const UPSTREAM_STEPS: readonly UpstreamStep[] = [
  {
    name: 'sticky',
    about: 'holds each client to one endpoint, by a cookie',
    isIn: ({ sticky }) => sticky !== undefined,
    wrap(next, context) {
      const { sticky } = context
      if (sticky === undefined) return next
      return (exchange) => {
        const held = sticky.endpointOf(exchange)
        const answer = next(exchange, held)
        // Chosen by now.
        const chosen = context.endpointNamed(exchange.endpoint)
        return chosen === undefined || chosen === held ? answer : sticky.remember(answer, chosen, exchange)
      }
    },
  },
  {
    name: 'balance',
    about: 'chooses the endpoint, a further attempt another one if it can',
    isIn: () => true,
    wrap: (next, context) => (exchange, held) => {
      const endpoint = context.choose(exchange, held)
      return endpoint === undefined ? Promise.reject(context.noneLeft(exchange)) : next(exchange, endpoint)
    },
  },
  atEndpoint({
    name: 'gate',
    about: 'fails at once while the circuit of the endpoint is open',
    isIn: ({ gate }) => gate !== undefined,
    wrap: (next, context) => (exchange, endpoint) => {
      const { gate } = endpoint
      if (gate === undefined) return next(exchange, endpoint)
      const permit = gate.enter(exchange.clock.now())
      if (permit < 0) return Promise.reject(context.noneLeft(exchange))
      return gate.watch(next(exchange, endpoint), permit, exchange)
    },
  }),
  atEndpoint({
    name: 'outliers',
    about:
      'sees how attempts end: an endpoint that fails is left alone for a while, and `peak-ewma` goes by latencies',
    isIn: ({ outliers, balance }) => outliers !== undefined || goesByLatency(balance),
    wrap: (next) => (exchange, endpoint) => {
      const { watch } = endpoint
      const answer = next(exchange, endpoint)
      return watch === undefined ? answer : watch.watch(answer, exchange)
    },
  }),
  atEndpoint({
    name: 'send',
    about: 'sends the request on a connection of the endpoint, and waits for the head of the response',
    isIn: () => true,
    wrap: () => (exchange, endpoint) => sendThrough(endpoint.pool, exchange),
  }),
]

interface EndpointStep extends Omit<UpstreamStep, 'wrap'> {
  wrap(next: SendTo, context: StepContext): SendTo
}

/** A step behind `balance`, which hands on no exchange without an endpoint. */
function atEndpoint(step: EndpointStep): UpstreamStep {
  return step as unknown as UpstreamStep
}

/** Those that an upstream has with such options. */
export function upstreamSteps(options: StepOptions): readonly UpstreamStep[] {
  return UPSTREAM_STEPS.filter((step) => step.isIn(options))
}

export function composeSteps(steps: readonly UpstreamStep[], context: StepContext): Send {
  return steps.reduceRight<Send>((next, step) => step.wrap(next, context), nothing)
}

/** The innermost step has no use for what stands behind it. */
const nothing: Send = () => Promise.reject(new TypeError('nothing stands behind the last step'))
