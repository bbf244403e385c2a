import type { GeoLookup } from '../geo/geo-place.ts'
import { type CodeConfig, type CodeContext, handlerSurroundings } from '../handlers/handler-surroundings.ts'
import { latePolicy } from '../late-policy.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import { fieldOf } from '../../settings/problems/fields.ts'
import { TRANSFORM_RULES, transformChecks } from './checks.ts'
import type { TransformConfig } from './setting.ts'

export interface TransformedRoute {
  readonly route: Route<'transform', TransformConfig>
  readonly config: CodeConfig
}

export type TransformContext = CodeContext & { readonly geo?: GeoLookup | undefined }

/** Behind all that judges requests as they came, and in front of all that sends them. */
export const transformLayer: ExchangeRow<TransformedRoute, TransformContext, TransformConfig> = {
  name: 'transform',
  once: 'exchange',
  about: 'changes the content of requests',
  checks: transformChecks,
  rules: TRANSFORM_RULES,
  code({ request, response, ...rest }, each) {
    const coded = <Part extends { readonly by?: Parameters<typeof each>[0] | undefined }>(
      key: string,
      part: Part | undefined,
    ) => part && (part.by === undefined ? part : { ...part, by: each(part.by, [key, 'by']) })
    return { ...rest, request: coded('request', request), response: coded('response', response) }
  },
  build({ route, config }, context) {
    const request = route.transform?.request
    if (request === undefined) return undefined
    const surroundings = handlerSurroundings(context, config)
    return latePolicy(async () =>
      (await import('./transforming.ts')).requestPolicy(request, context.geo, surroundings),
    )
  },
  tells: ({ route }) => fieldOf(route.transform, 'request'),
}

/** Inside of the cache, which keeps what is changed, and of compression, which sees what is sent. */
export const transformResponseLayer: ExchangeRow<TransformedRoute, TransformContext> = {
  name: 'transformResponse',
  once: 'exchange',
  about: 'changes the content of responses',
  build({ route, config }, context) {
    const response = route.transform?.response
    if (response === undefined) return undefined
    const surroundings = handlerSurroundings(context, config)
    return latePolicy(async () =>
      (await import('./transforming.ts')).responsePolicy(response, context.geo, surroundings),
    )
  },
  tells: ({ route }) => fieldOf(route['transform'], 'response'),
}
