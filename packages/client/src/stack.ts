import {
  buildLayers,
  type BuiltLayer,
  composeLayers,
  fillPlaces,
  type Handler,
  ownPolicy,
  type Policy,
} from '@headgate/core'
import * as attempt from './layers/attempt-layers.ts'
import * as call from './layers/call-layers.ts'
import type { ClientLayer, ClientPlace, StackContext } from './layers/layer.ts'
import type { Settings } from './settings.ts'

/**
 * The order in which a call meets the policies of a client, outermost first: all of it, and written nowhere else. A policy that
 * is not used is not in the stack, and costs nothing.
 */
export const STACK: readonly (ClientLayer | ClientPlace)[] = [
  // Once a call.
  call.observeLayer,
  call.traceLayer,
  call.timeoutLayer,
  { place: 'policies', once: 'exchange', about: 'policies of your own (`policies`), in their order' },
  call.sizeLimitLayer,
  call.decompressLayer,
  call.resumeLayer,
  call.dedupeLayer,
  call.redirectLayer,
  call.cookiesLayer,
  call.authLayer,
  call.cacheLayer,
  call.retryLayer,
  // Once an attempt.
  attempt.hedgeLayer,
  attempt.observeAttemptLayer,
  attempt.traceAttemptLayer,
  attempt.breakerLayer,
  attempt.rateLimitLayer,
  attempt.pacingLayer,
  attempt.concurrencyLayer,
  attempt.attemptTimeoutLayer,
]

/** The layers of a client, or of a call, outermost first. */
export function clientLayers(settings: Settings, context: StackContext): BuiltLayer<ClientLayer>[] {
  const rows = fillPlaces(STACK, () => context.policies.map(ownLayer))
  return buildLayers(rows, settings, context)
}

function ownLayer(policy: Policy, index: number): ClientLayer {
  return {
    name: policy.name || `policies[${index}]`,
    once: 'exchange',
    about: 'a policy of your own',
    build: () => ownPolicy(policy, `policies[${index}] of createClient`),
    tells: () => 'a policy of your own',
  }
}

/** The stack, composed. @param transport where it ends, if not where the client's own does */
export function clientHandler(
  settings: Settings,
  context: StackContext,
  transport: Handler = context.transport,
): Handler {
  return composeLayers(clientLayers(settings, context), transport)
}
