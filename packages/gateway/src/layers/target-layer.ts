import type { Counter, Handler } from '@headgate/core'
import { versionTarget } from '../routing/api-version/api-version.ts'
import { split } from '../routing/split/split.ts'
import { SplitWeights } from '../routing/split/split-weights.ts'
import { splitMetrics } from '../routing/split/splits.ts'
import { redirectTo, respondWith } from '../routing/transform/answers.ts'
import type { ExchangeContext, ExchangeLayer, ExchangeSetting } from './layer.ts'

/** Where the exchange goes: nothing stands behind it but the attempts at the upstreams that it leads to. */
export const targetLayer: ExchangeLayer = {
  name: 'target',
  once: 'exchange',
  about:
    'leads to the upstream, by version and split where there are any; or answers by itself, with `redirect` or `respond`',
  build(setting, context) {
    const handler = routeTarget(setting, context)
    return () => handler
  },
  tells({ route: { upstream, split: parts, redirect, respond, apiVersions } }) {
    const versions = Object.entries(apiVersions?.versions ?? {}).flatMap(([name, each]) =>
      each.upstream === undefined ? [] : [[name, each.upstream]],
    )
    return {
      upstream,
      split: parts,
      redirect,
      respond,
      ...(versions.length > 0 && { versions: Object.fromEntries(versions) as unknown }),
    }
  },
}

function routeTarget(setting: ExchangeSetting, context: ExchangeContext): Handler {
  const { apiVersions } = setting.route
  if (apiVersions === undefined) return ownTarget(setting, context)
  const versions = Object.entries(apiVersions.versions)
  const targets = versions.flatMap(([name, { upstream }]): [string, Handler][] =>
    upstream === undefined ? [] : [[name, context.leadTo('target', upstream)]],
  )
  const needsOwn = targets.length < versions.length
  return versionTarget(new Map(targets), needsOwn ? ownTarget(setting, context) : undefined)
}

function ownTarget({ route }: ExchangeSetting, context: ExchangeContext): Handler {
  const { leadTo, geo, metrics } = context
  const { upstream, redirect, respond } = route
  if (redirect !== undefined) return redirectTo(redirect, geo)
  if (respond !== undefined) return respondWith(respond, geo)
  if (upstream !== undefined) return leadTo('target', upstream)
  if (route.split === undefined) throw new TypeError(`route ${route.name} leads nowhere`)
  const { upstreams, sticky } = route.split
  const targets = upstreams.map(({ upstream: name }) =>
    counted(leadTo('target', name), splitMetrics(metrics, route.name, name).requests),
  )
  return split(targets, context.weights ?? new SplitWeights(upstreams), sticky)
}

function counted(handler: Handler, exchanges: Counter): Handler {
  return (exchange) => {
    exchanges.add(1)
    return handler(exchange)
  }
}
