import { type Upstream, UPSTREAM_STEPS, type UpstreamStep } from '@headgate/core'
import type { Fields } from '../settings/problems/fields.ts'
import { ATTEMPT_WAYS, type AttemptRow } from './layer.ts'

/** What is told of the steps of an upstream, under the names that their settings have. */
const TOLD: Readonly<
  Record<UpstreamStep['name'], { readonly name: string; readonly tells: (upstream: Fields) => unknown }>
> = {
  sticky: { name: 'sticky', tells: ({ sticky }) => sticky },
  balance: { name: 'balance', tells: ({ balance, hash }) => ({ method: balance, hash }) },
  gate: { name: 'breaker', tells: ({ breaker }) => breaker },
  outliers: { name: 'outliers', tells: ({ outliers }) => outliers },
  send: {
    name: 'endpoint',
    tells: ({ timeouts, tls, proxyProtocol }) =>
      timeouts || tls || proxyProtocol ? { timeouts, tls, proxyProtocol } : undefined,
  },
}

export interface SteppedUpstream {
  readonly destination: { readonly upstream: Pick<Upstream, 'handler' | 'steps'> }
}

/** What the upstream itself does, in its own order. */
export const upstreamLayers: readonly AttemptRow<object, SteppedUpstream>[] = UPSTREAM_STEPS.map(
  (step): AttemptRow<object, SteppedUpstream> => {
    const { name, tells } = TOLD[step.name]
    return {
      name,
      once: 'attempt',
      ways: ATTEMPT_WAYS,
      about: step.about,
      build(_, { destination: { upstream } }) {
        if (!upstream.steps.includes(step)) return undefined
        // The upstream has composed its steps: behind the innermost one stands its handler, and the others are in there.
        return step.name === 'send' ? () => upstream.handler : (next) => next
      },
      tells: ({ upstream }) => tells(upstream),
    }
  },
)
