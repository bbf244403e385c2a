import { forwarding, isClaim, type Policy } from '@headgate/core'
import type { RouteConfig } from '../config/schema/route-schema.ts'
import type { MatchConfig } from '../config/schema/match-schema.ts'
import { loopMark } from '../loop-mark.ts'
import { stripVersion } from '../routing/api-version/version-path.ts'
import { requestHeaders } from '../routing/transform/header-changes.ts'
import { keepAsked, restorePrefix, tellPrefix } from '../routing/transform/restore-prefix.ts'
import { rewrite } from '../routing/transform/rewrite.ts'
import type { AttemptLayer, ExchangeLayer } from './layer.ts'

// What makes of the request that came the one that is sent.

export const forwardingLayer: ExchangeLayer = {
  name: 'forwarding',
  once: 'exchange',
  about: 'drops what concerns one connection alone, tells the upstream for whom it asks',
  build: ({ route, config }, { trustedProxies, loopKey }) =>
    forwarding({
      ...config.forwarding,
      trustedProxies,
      clientIsKnown: true,
      loopMark: loopKey && loopMark(loopKey, route.name),
      ownFields: [...(config.requestId ? [config.requestId.header] : []), ...ownFields(route)],
    }),
  tells: ({ config }) => config.forwarding,
}

export const requestHeadersLayer: ExchangeLayer = {
  name: 'requestHeaders',
  once: 'exchange',
  about: 'changes the fields of the request',
  build: ({ route }, { geo }) => route.requestHeaders && requestHeaders(route.requestHeaders, geo),
  tells: ({ route }) => route.requestHeaders,
}

export const stripVersionLayer: ExchangeLayer = {
  name: 'apiVersions.stripPath',
  once: 'exchange',
  about: 'takes the version out of the path',
  build: ({ route: { apiVersions, match } }) =>
    apiVersions?.stripPath ? stripVersion(apiVersions.path ?? '', match.path) : undefined,
  tells: ({ route }) => route.apiVersions?.path,
}

export const rewriteLayer: ExchangeLayer = {
  name: 'rewrite',
  once: 'exchange',
  about: 'changes path, query and host of the request',
  build: ({ route }, { geo }) => route.rewrite && rewrite(route.rewrite, geo, route.paths),
  tells: ({ route }) => route.rewrite,
}

export const keepAskedLayer: ExchangeLayer = {
  name: 'keepAsked',
  once: 'exchange',
  about: 'remembers what was asked for, where a part of the path is cut off',
  build: ({ route }) => (cutsPath(route) ? keepAsked() : undefined),
  tells: () => undefined,
}

export const tellPrefixLayer: ExchangeLayer = {
  name: 'tellPrefix',
  once: 'exchange',
  about: 'tells the upstream what was cut off, in X-Forwarded-Prefix',
  build: ({ route, config }) => (cutsPath(route) && config.forwarding.xForwarded ? tellPrefix() : undefined),
  tells: () => undefined,
}

/** Right around the upstream, though it stands outside of its attempts: what the gateway itself says is meant as it is written. */
export const restorePrefixLayer: AttemptLayer = {
  name: 'rewrite.restorePrefix',
  once: 'attempt',
  about: 'puts what was cut off back into the links and cookies of the response',
  build: ({ route, config, upstream }) =>
    cutsPath(route) && route.rewrite?.restorePrefix !== false
      ? restorePrefix(config.upstreams[upstream]?.sticky?.cookie)
      : undefined,
  tells: ({ route }) => route.rewrite?.restorePrefix ?? true,
}

/** Whether the path that the upstream sees is the client's without a part. A path that is made anew is not. */
function cutsPath({ apiVersions, rewrite: changes }: RouteConfig): boolean {
  return (
    (changes?.stripPrefix !== undefined || apiVersions?.stripPath === true) && changes?.path === undefined
  )
}

export const preserveHostLayer: ExchangeLayer = {
  name: 'preserveHost',
  once: 'exchange',
  about: "has the upstream see its endpoint's own name as Host, in place of the one that the client used",
  build: ({ route }) => (route.preserveHost ? undefined : endpointHost),
  tells: ({ route }) => route.preserveHost,
}

const endpointHost: Policy = (next) =>
  function endpointHost(exchange) {
    exchange.preserveHost = false
    return next(exchange)
  }

/**
 * Fields that decide about the route, or are set on it: Connection must not have them removed. Not X-Real-IP
 * and its like: what a client says there must not pass, whoever sets it then.
 */
function ownFields({ match, apiVersions, requestHeaders: changes }: RouteConfig): string[] {
  const changed = [changes?.set, changes?.add].flatMap((fields) => Object.keys(fields ?? {}))
  const version = apiVersions?.header === undefined ? [] : [apiVersions.header]
  return [...matchedFields(match), ...version, ...changed].filter((name) => !isClaim(name))
}

function matchedFields({ headers = {}, all = [], any = [], not }: MatchConfig): string[] {
  const inner = [...all, ...any, ...(not === undefined ? [] : [not])]
  return [...Object.keys(headers), ...inner.flatMap(matchedFields)]
}
