import {
  type Body,
  bodyFrom,
  type ErrorCode,
  type Exchange,
  HeaderList,
  HttpResponse,
  type Policy,
  problemResponse,
  TrafficError,
} from '@headgate/core'
import { asksFor } from '../../routing/conditions.ts'

const GRAPHQL_RESPONSE = 'application/graphql-response+json'

/** What clients of GraphQL asked for before there was a type of its own. */
const JSON_RESPONSE = 'application/json'

/**
 * Tells clients of GraphQL of a failure in its form, with the status that it has anyway: those that ask for
 * "application/graphql-response+json" in that alone, and those that ask for "application/json" (GraphQL over HTTP, 6.4) in
 * `errors` beside the members of problem details. Others get problem details, as everywhere.
 */
export function graphqlErrors(): Policy {
  return (next) =>
    function graphqlErrors(exchange) {
      const accept = exchange.request.headers.get('accept')
      if (accept === undefined || !asksFor(accept, [GRAPHQL_RESPONSE, JSON_RESPONSE])) return next(exchange)
      const isOwnType = asksFor(accept, [GRAPHQL_RESPONSE])
      const failed = (thrown: unknown): HttpResponse =>
        errorResponse(TrafficError.from(thrown), exchange, isOwnType)
      try {
        return next(exchange).catch(failed)
      } catch (thrown) {
        return Promise.resolve(failed(thrown)) // thrown at once, as plain JavaScript may
      }
    }
}

function errorResponse(error: TrafficError, exchange: Exchange, isOwnType: boolean): HttpResponse {
  exchange.error = error
  const problem = problemResponse(error, exchange)
  const { status, headers: fields, body } = problem
  // Text, where Accept likes that better, and what gRPC has.
  if (!isOwnType && fields.get('content-type') !== 'application/problem+json') return problem
  const headers = new HeaderList()
  headers.append('content-type', isOwnType ? GRAPHQL_RESPONSE : JSON_RESPONSE)
  for (const { name, value } of fields) if (name !== 'content-type') headers.append(name, value)
  const isTold = error.source === 'downstream' || error instanceof GraphqlRefusal
  const message = isTold ? error.message : error.title
  const excess = error instanceof GraphqlRefusal ? error.excess : undefined
  const errors = [{ message, extensions: { code: error.code, ...excess } }]
  const content = isOwnType ? { errors } : { ...membersOf(body), errors }
  return new HttpResponse(status, headers, bodyFrom(JSON.stringify(content)))
}

function membersOf({ whole }: Body): object {
  return whole === undefined ? {} : (JSON.parse(Buffer.from(whole.bytes).toString()) as object)
}

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
