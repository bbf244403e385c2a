import type { PathForm, Policy } from '@headgate/core'
import type { AttemptRow, ExchangeRow, Route } from '../layer.ts'
import type { GeoLookup } from '../geo/geo-place.ts'
import { rewrite, type RewriteConfig } from './rewrite.ts'
import { fieldOf, fieldsOf } from '../../settings/problems/fields.ts'
import { unused } from '../../settings/problems/problem.ts'
import { never } from '../../settings/schema/schema-tree.ts'
import { keepAsked, restorePrefix, tellPrefix } from './restore-prefix.ts'

export interface CutRoute {
  readonly route: Route<'rewrite', RewriteConfig> &
    Route<'apiVersions', { readonly stripPath: boolean }> & { readonly paths: PathForm }
}

export const rewriteLayer: ExchangeRow<CutRoute, { readonly geo?: GeoLookup | undefined }> = {
  name: 'rewrite',
  once: 'exchange',
  about: 'changes path, query and host of the request',
  towardsUpstream: 'only',
  drops: (written) => (fieldsOf(written)['host'] === undefined ? [] : ['preserveHost']),
  checks(written, path, { preserveHost }) {
    const { path: made, stripPrefix, host } = fieldsOf(written)
    return [
      ...(made !== undefined && stripPrefix !== undefined
        ? [unused([...path, 'stripPrefix'], 'stands beside "path": only one of them can make the path')]
        : []),
      ...(host !== undefined && preserveHost === false
        ? [unused([...path, 'host'], 'is without effect, as preserveHost is false')]
        : []),
    ]
  },
  rules: [{ at: [], rules: [never({ required: ['path', 'stripPrefix'] })] }],
  build: ({ route }, { geo }) => route.rewrite && rewrite(route.rewrite, geo, route.paths),
  tells: ({ route }) => route.rewrite,
}

export const keepAskedLayer: ExchangeRow<CutRoute> = {
  name: 'keepAsked',
  once: 'exchange',
  about: 'remembers what was asked for, where a part of the path is cut off or the host is another',
  build: ({ route }) => (cutsPath(route) || route.rewrite?.host !== undefined ? keepAsked() : undefined),
  tells: () => undefined,
}

export const tellPrefixLayer: ExchangeRow<
  CutRoute & { readonly config: { readonly forwarding: { readonly xForwarded: boolean } } }
> = {
  name: 'tellPrefix',
  once: 'exchange',
  about: 'tells the upstream what was cut off, in X-Forwarded-Prefix',
  build: ({ route, config }) => (cutsPath(route) && config.forwarding.xForwarded ? tellPrefix() : undefined),
  tells: () => undefined,
}

/** Right around the upstream, though it stands outside of its attempts: what the gateway itself says is meant as it is written. */
export const restorePrefixLayer: AttemptRow<
  CutRoute & {
    readonly config: {
      readonly upstreams: Readonly<
        Record<string, { readonly sticky?: { readonly cookie: string } | undefined }>
      >
    }
  }
> = {
  name: 'rewrite.restorePrefix',
  once: 'attempt',
  about: 'puts what was cut off back into the links and cookies of the response',
  build: ({ route, config, upstream }) =>
    cutsPath(route) && route.rewrite?.restorePrefix !== false
      ? restorePrefix(config.upstreams[upstream]?.sticky?.cookie)
      : undefined,
  tells: ({ route }) => fieldOf(route['rewrite'], 'restorePrefix') ?? true,
}

/** Whether the path that the upstream sees is the client's without a part. A path that is made anew is not. */
function cutsPath({ apiVersions, rewrite: changes }: CutRoute['route']): boolean {
  return (
    (changes?.stripPrefix !== undefined || apiVersions?.stripPath === true) && changes?.path === undefined
  )
}

export const preserveHostLayer: ExchangeRow<{ readonly route: { readonly preserveHost: boolean } }> = {
  name: 'preserveHost',
  once: 'exchange',
  about: "has the upstream see its endpoint's own name as Host, in place of the one that the client used",
  towardsUpstream: true,
  build: ({ route }) => (route.preserveHost ? undefined : endpointHost),
  tells: ({ route }) => route.preserveHost,
}

const endpointHost: Policy = (next) =>
  function endpointHost(exchange) {
    exchange.preserveHost = false
    return next(exchange)
  }
