import {
  bodyFrom,
  type Exchange,
  HeaderList,
  HttpResponse,
  type Policy,
  problemResponse,
  TrafficError,
} from '@headgate/core'
import { asksFor } from '../conditions/media-types.ts'
import { GraphqlRefusal } from './refusal.ts'

const GRAPHQL_RESPONSE = 'application/graphql-response+json'

/**
 * Tells clients that ask for a response of GraphQL of a failure in its form (GraphQL over HTTP, "application/graphql-response+json"),
 * with the status that it has anyway. Others get problem details, as everywhere.
 */
export function graphqlErrors(): Policy {
  return (next) =>
    function graphqlErrors(exchange) {
      const accept = exchange.request.headers.get('accept')
      if (accept === undefined || !asksFor(accept, [GRAPHQL_RESPONSE])) return next(exchange)
      const failed = (thrown: unknown): HttpResponse => errorResponse(TrafficError.from(thrown), exchange)
      try {
        return next(exchange).catch(failed)
      } catch (thrown) {
        return Promise.resolve(failed(thrown)) // thrown at once, as plain JavaScript may
      }
    }
}

function errorResponse(error: TrafficError, exchange: Exchange): HttpResponse {
  exchange.error = error
  const { status, headers: fields } = problemResponse(error, exchange)
  const headers = new HeaderList()
  headers.append('content-type', GRAPHQL_RESPONSE)
  for (const { name, value } of fields) if (name !== 'content-type') headers.append(name, value)
  const isTold = error.source === 'downstream' || error instanceof GraphqlRefusal
  const message = isTold ? error.message : error.title
  const excess = error instanceof GraphqlRefusal ? error.excess : undefined
  const content = { errors: [{ message, extensions: { code: error.code, ...excess } }] }
  return new HttpResponse(status, headers, bodyFrom(JSON.stringify(content)))
}
