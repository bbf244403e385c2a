import type { Policy } from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import type { HandlerSurroundings } from '../handlers/answer-by-code.ts'
import { changedRequests, changedResponses } from './run-by-code.ts'
import type { TransformRequestConfig, TransformResponseConfig } from './setting.ts'
import { transformRequest } from './transform-request.ts'
import { transformResponse } from './transform-response.ts'

// All that changes content: loaded with the first request that needs it.

export function requestPolicy(
  config: TransformRequestConfig,
  geo: GeoLookup | undefined,
  surroundings: HandlerSurroundings,
): Policy {
  const declared = transformRequest(config, geo)
  // Code is given what the declared changes have made.
  if (config.by === undefined || surroundings.codeEnd !== undefined) return declared
  return composed(declared, changedRequests(config.by, surroundings))
}

export function responsePolicy(
  config: TransformResponseConfig,
  geo: GeoLookup | undefined,
  surroundings: HandlerSurroundings,
): Policy {
  const declared = transformResponse(config, geo)
  if (config.by === undefined || surroundings.codeEnd !== undefined) return declared
  return composed(changedResponses(config.by, surroundings), declared)
}

function composed(outer: Policy, inner: Policy): Policy {
  return (next) => outer(inner(next))
}
