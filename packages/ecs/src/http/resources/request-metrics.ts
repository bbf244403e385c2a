import { resource, type Resource } from '../../port/resource.ts'
import { type Domain, Domains } from '../domain.ts'
import type { Latency } from '../domain-counts.ts'

/** The figures of a domain. Those that have not ended are what was submitted without the three ends. */
export interface DomainFigures {
  /** Host, with its port if that is no default. */
  readonly domain: string
  readonly submitted: number
  readonly responses: number
  readonly failures: number
  readonly cancelled: number
  /** Further tries that the client has made. */
  readonly retries: number
  /** Requests that had to wait for the rate limit. */
  readonly rateLimited: number
  /** Bytes of content. */
  readonly bytesReceived: number
  /** Bytes of content a second, over the last ten. */
  readonly bandwidth: number
  /** Seconds from the start of a request to the end of its response. */
  readonly latency: Latency
}

/** What is counted of the requests of a world, as ticks apply it. */
export class WorldMetrics {
  readonly domains: Domains = new Domains()

  /** The figures of a domain; undefined if no request went there. @param now world time, `HttpTime.now` */
  of(domain: string, now: number): DomainFigures | undefined {
    const found = this.domains.find(domain)
    return found && figures(found, now)
  }

  /** Those of all domains, in the order in which requests went there first. */
  all(now: number): DomainFigures[] {
    return [...this.domains].map((domain) => figures(domain, now))
  }
}

function figures({ name, counts }: Domain, now: number): DomainFigures {
  const { submitted, responses, failures, cancelled, retries, rateLimited, bytesReceived, latency } = counts
  return {
    domain: name,
    submitted,
    responses,
    failures,
    cancelled,
    retries,
    rateLimited,
    bytesReceived,
    bandwidth: counts.bandwidth(now),
    latency,
  }
}

/** What the resource `RequestMetrics` is. */
export type RequestMetrics = WorldMetrics

export const RequestMetrics: Resource<RequestMetrics> = resource<RequestMetrics>('RequestMetrics')
