import { type ErrorCode, TrafficError } from '@headgate/core'

/** Why a GraphQL request is refused; each is a label of the metrics. */
export const REFUSAL_REASONS = [
  'malformed',
  'media_type',
  'method',
  'size',
  'batch',
  'persisted',
  'websocket',
  'tokens',
  'depth',
  'aliases',
  'root_fields',
  'fields',
  'directives',
  'introspection',
] as const

export type RefusalReason = (typeof REFUSAL_REASONS)[number]

/** By how much. */
export interface Excess {
  readonly value: number
  readonly limit: number
}

const CODES: Partial<Record<RefusalReason, ErrorCode>> = {
  media_type: 'unsupported_media_type',
  method: 'method_not_allowed',
  size: 'request_body_too_large',
}

/** A GraphQL request that must not reach the origin. It names limits and numbers, and never cites the document. */
export class GraphqlRefusal extends TrafficError {
  readonly reason: RefusalReason
  readonly excess: Excess | undefined

  constructor(reason: RefusalReason, message: string, excess?: Excess) {
    super(CODES[reason] ?? 'graphql_refused', message, { phase: 'request-body', replaySafe: 'unsent' })
    this.reason = reason
    this.excess = excess
  }
}

/** What cannot be read, or could be read in two ways. */
export function malformed(message: string): GraphqlRefusal {
  return new GraphqlRefusal('malformed', message)
}
