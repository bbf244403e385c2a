import { type Exchange, type Outcome, redirectsOf, systemClock } from '@headgate/core'
import { performance } from 'node:perf_hooks'
import { targetUrl } from '../request-target.ts'

/**
 * Makes the `PerformanceResourceTiming` of a call that has ended, as the platform's fetch does (WHATWG Fetch 4.1, "finalize and report
 * timing"): none for one that failed.
 */
export function markResourceTiming(exchange: Exchange, { status, bytesReceived }: Outcome): void {
  const { clock, startedAt, wire, request } = exchange
  // Another clock tells times that are none of this process.
  if (status === undefined || clock !== systemClock) return
  const [redirect] = redirectsOf(exchange)
  const written = wire?.requestWrittenAt ?? startedAt
  const { resolvedAt, connectedAt, securedAt } = wire?.reused === false ? (wire.connection ?? NONE) : NONE
  const begun = connectedAt === undefined ? startedAt : (resolvedAt ?? startedAt)
  performance.markResourceTiming(
    {
      startTime: startedAt,
      redirectStartTime: redirect === undefined ? 0 : startedAt,
      redirectEndTime: 0,
      postRedirectStartTime: startedAt,
      finalServiceWorkerStartTime: 0,
      finalNetworkRequestStartTime: Math.min(written, wire?.respondedAt ?? written),
      finalNetworkResponseStartTime: wire?.respondedAt ?? written,
      endTime: clock.now(),
      encodedBodySize: bytesReceived,
      decodedBodySize: bytesReceived,
      finalConnectionTimingInfo: {
        domainLookupStartTime: startedAt,
        domainLookupEndTime: resolvedAt ?? startedAt,
        connectionStartTime: begun,
        connectionEndTime: securedAt ?? connectedAt ?? begun,
        secureConnectionStartTime: securedAt === undefined ? 0 : (connectedAt ?? begun),
        ALPNNegotiatedProtocol: 'http/1.1',
      },
    },
    redirect?.from ?? targetUrl(request),
    'fetch',
    globalThis,
    '',
    NOTHING,
    status,
  )
}

const NONE = { resolvedAt: undefined, connectedAt: undefined, securedAt: undefined }

/** Of a body Node keeps nothing. */
const NOTHING = {}
