import type { BlockList } from 'node:net'
import { createHmac, randomBytes } from 'node:crypto'
import { forwarding, isClaim } from '@headgate/core'
import type { ExchangeRow } from './layer.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { zod } from '../settings/schema/library.ts'
import { boolean, off, value } from '../settings/schema/setting.ts'
import { pseudonym } from '../settings/values/kinds.ts'
import { changedField } from '../settings/values/request-field.ts'

export const forwardingSetting = section('ForwardingInput', () => ({
  forwarded: boolean('Send the Forwarded field (RFC 7239) to upstreams.', true),
  xForwarded: boolean('Send X-Forwarded-For, -Host, -Port and -Proto to upstreams.', true),
  via: zod()
    .union([off(), value(pseudonym)])
    .prefault('headgate')
    .describe('The name under which the gateway adds itself to Via (RFC 9110 7.6.3); false: not at all.'),
}))

/** Conditions that name header fields, or hold others that do. */
export interface MatchedFields {
  readonly headers?: object | undefined
  readonly all?: readonly MatchedFields[] | undefined
  readonly any?: readonly MatchedFields[] | undefined
  readonly not?: MatchedFields | undefined
}

export interface ForwardedRoute {
  readonly name: string
  readonly match: MatchedFields
  readonly apiVersions?: { readonly header?: string | undefined } | undefined
  readonly requestHeaders?: { readonly set: object; readonly add: object } | undefined
  readonly cache?: { readonly key: { readonly headers: readonly string[] } } | false | undefined
}

export interface Forwarded {
  readonly route: ForwardedRoute
  readonly config: {
    readonly forwarding: Read<typeof forwardingSetting>
    readonly requestId: { readonly header: string } | false
  }
}

export const forwardingLayer: ExchangeRow<
  Forwarded,
  { readonly trustedProxies: BlockList; readonly loopKey?: Uint8Array | undefined }
> = {
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

/**
 * Fields that decide about the route or are in the key of its cache, or are set on it: Connection must not have them removed. Not X-Real-IP
 * and its like: what a client says there must not pass, whoever sets it then.
 */
function ownFields({ match, apiVersions, cache, requestHeaders: changes }: ForwardedRoute): string[] {
  const changed = [changes?.set, changes?.add].flatMap((fields) => Object.keys(fields ?? {}))
  const version = apiVersions?.header === undefined ? [] : [apiVersions.header]
  const keyed = cache ? cache.key.headers.filter((name) => changedField.parse(name).ok) : []
  return [...matchedFields(match), ...version, ...keyed, ...changed].filter((name) => !isClaim(name))
}

function matchedFields({ headers = {}, all = [], any = [], not }: MatchedFields): string[] {
  const inner = [...all, ...any, ...(not === undefined ? [] : [not])]
  return [...Object.keys(headers), ...inner.flatMap(matchedFields)]
}

/** What the marks of one gateway are made from: random, and the same in all of its threads. */
export function newLoopKey(): Uint8Array {
  return randomBytes(32)
}

/**
 * What a route enters into CDN-Loop. A mark is a route's and not the whole gateway's, since a request may rightly pass a gateway
 * twice, on two routes with a service in between. It comes from a key, and not from names or the configuration: gateways
 * with the same file behind one another are no loop. Nobody outside can guess it, and whoever is shown one by
 * an upstream can have none but his own requests to that route refused.
 */
export function loopMark(key: Uint8Array, route: string): string {
  return createHmac('sha256', key).update(route).digest('base64url').slice(0, 22)
}
