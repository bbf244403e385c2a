import type { HeaderList } from '../message/headers.ts'
import { connectionNames, type FieldFilter, linePasses } from './hop-by-hop.ts'

/** Fields that change framing, routing, authentication or the meaning of content, too late (RFC 9110 6.5.1). */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set(
  `authorization cache-control connection content-encoding content-length content-range content-type cookie expect
forwarded host keep-alive max-forwards proxy-authorization proxy-connection range set-cookie te trailer
transfer-encoding upgrade via www-authenticate x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto
x-request-id`.split(/\s+/),
)

/** What ends at a connection, or is a claim or a variant of ours, ends in the trailers as it does in the head. */
const TRAILER_FILTER: FieldFilter = {
  dropXForwarded: true,
  dropXClaims: true,
  dropForwarded: true,
  ownFields: new Set(),
  named: undefined,
}

/**
 * Drops from trailers what comes too late to be heeded, or must not pass on.
 * @param connection the head's Connection value: it removes trailers as well (RFC 9110 7.6.1)
 */
export function dropLateFields(trailers: HeaderList, connection: string | undefined): void {
  const named = connectionNames(connection, TRAILER_FILTER.ownFields)
  const filter = named === undefined ? TRAILER_FILTER : { ...TRAILER_FILTER, named }
  trailers.retainLines((line) => !FORBIDDEN_TRAILERS.has(line.name) && linePasses(line, filter), undefined)
}
