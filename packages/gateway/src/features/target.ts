import type { Counter, Handler, MetricRegistry } from '@headgate/core'
import { fieldOf, type Fields, fieldsOf } from '../settings/problems/fields.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import {
  type RedirectConfig,
  redirectTo,
  type RespondConfig,
  respondSettings,
  respondWith,
} from './answers.ts'
import { aggregateSettings } from './aggregate/checks.ts'
import type { AggregateConfig } from './aggregate/setting.ts'
import type { ApiVersionsConfig } from './api-versions/setting.ts'
import type { GeoLookup } from './geo/geo-place.ts'
import { lateHandler } from './late-policy.ts'
import type { ExchangeRow, LeadTo, NamedSetting, Route } from './layer.ts'
import { split } from './split/split.ts'
import { versionTarget } from './api-versions/api-version.ts'
import { type FilesConfig } from './files/setting.ts'
import { serveFiles } from './files/serve-files.ts'
import { answerByCode } from './handlers/answer-by-code.ts'
import { type CodeConfig, type CodeContext, handlerSurroundings } from './handlers/handler-surroundings.ts'
import { type HandleConfig, handleSettings } from './handlers/setting.ts'
import { splitMetrics, SplitWeights } from './split/split-weights.ts'
import { type SplitConfig, splitSettings } from './split/setting.ts'

/** The settings that say where requests go: a route has one of them. */
export const TARGETS: readonly string[] = [
  'upstream',
  'split',
  'redirect',
  'respond',
  'files',
  'handle',
  'aggregate',
]

/** Those by which a route answers itself. */
export const ANSWERS: readonly string[] = ['redirect', 'respond', 'files', 'handle']

export const TARGET_SETTINGS: readonly NamedSetting[] = [
  { name: 'upstream', drops: () => TARGETS },
  { name: 'split', drops: () => TARGETS, ...splitSettings },
  { name: 'aggregate', drops: () => [...TARGETS, 'apiVersions'], ...aggregateSettings },
  { name: 'redirect', drops: () => [...TARGETS, 'apiVersions'] },
  { name: 'respond', drops: () => [...TARGETS, 'apiVersions'], ...respondSettings },
  { name: 'files', drops: () => [...TARGETS, 'apiVersions'] },
  { name: 'handle', drops: () => [...TARGETS, 'apiVersions'], ...handleSettings },
]

/** A route leads to one of them. */
export function targetChecks(route: Fields, path: Path): Finding[] {
  const named = TARGETS.filter((target) => route[target] !== undefined)
  // Versions may each have an upstream of their own: see its checks.
  if (named.length === 0 && route['apiVersions'] !== undefined) return []
  if (named.length === 0) {
    return [
      {
        path: [...path, 'upstream'],
        problem: 'is missing',
        allowed:
          'the name of an upstream, or its URL; or split, aggregate, redirect, respond, files or handle in its place',
      },
    ]
  }
  return named.slice(1).map((target) => ({
    path: [...path, target],
    part: 'key',
    problem: `stands beside "${named[0]}": a route leads to one of them`,
  }))
}

export interface LeadingRoute {
  readonly route: Route<'upstream', string> &
    Route<'split', SplitConfig> &
    Route<'aggregate', AggregateConfig> &
    Route<'redirect', RedirectConfig> &
    Route<'respond', RespondConfig> &
    Route<'files', FilesConfig> &
    Route<'handle', HandleConfig> &
    Route<'apiVersions', ApiVersionsConfig>
  readonly config: CodeConfig
}

export interface TargetContext extends CodeContext {
  readonly leadTo: LeadTo
  readonly metrics: MetricRegistry
  readonly geo?: GeoLookup | undefined
  readonly weights?: SplitWeights | undefined
}

/** Where the exchange goes: nothing stands behind it but the attempts at the upstreams that it leads to. */
export const targetLayer: ExchangeRow<LeadingRoute, TargetContext> = {
  name: 'target',
  once: 'exchange',
  about:
    'leads to the upstream, by version and split where there are any, or to several (`aggregate`); or answers by itself, with `redirect`, `respond`, `files` or `handle`',
  build(setting, context) {
    const handler = routeTarget(setting, context)
    return () => handler
  },
  tells({
    route: { upstream, split: parts, aggregate: calls, redirect, respond, files, handle, apiVersions },
  }) {
    const versions = Object.entries(fieldsOf(fieldOf(apiVersions, 'versions'))).flatMap(([name, each]) => {
      const own = fieldOf(each, 'upstream')
      return own === undefined ? [] : [[name, own] as const]
    })
    return {
      upstream,
      split: parts,
      aggregate: calls,
      redirect,
      respond,
      files,
      handle,
      ...(versions.length > 0 && { versions: Object.fromEntries(versions) as unknown }),
    }
  },
}

function routeTarget(setting: LeadingRoute, context: TargetContext): Handler {
  const { apiVersions } = setting.route
  if (apiVersions === undefined) return ownTarget(setting, context)
  const versions = Object.entries(apiVersions.versions)
  const targets = versions.flatMap(([name, { upstream }]): [string, Handler][] =>
    upstream === undefined ? [] : [[name, context.leadTo('target', upstream)]],
  )
  const needsOwn = targets.length < versions.length
  return versionTarget(new Map(targets), needsOwn ? ownTarget(setting, context) : undefined)
}

function ownTarget({ route, config }: LeadingRoute, context: TargetContext): Handler {
  const { leadTo, geo, metrics, clock } = context
  const { upstream, aggregate: calls, redirect, respond, files, handle } = route
  if (redirect !== undefined) return redirectTo(redirect, geo)
  if (respond !== undefined) return respondWith(respond, geo)
  if (files !== undefined) return serveFiles(files, clock)
  if (handle !== undefined) return answerByCode(handle, handlerSurroundings(context, config))
  if (upstream !== undefined) return leadTo('target', upstream)
  if (calls !== undefined) {
    // What leads to its upstreams is built now, what joins them when it is needed.
    const ways = new Map(calls.calls.map((call) => [call.upstream, leadTo('target', call.upstream)]))
    return lateHandler(async () => (await import('./aggregate/aggregate.ts')).aggregate(calls, ways, geo))
  }
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
