import type {
  ApiVersionsInput,
  LifecycleInput,
  MatchInput,
  RateLimitInput,
  RouteInput,
  ValueMatchInput,
} from '../input/input.ts'
import type { ApiVersionsConfig, LifecycleConfig } from '../schema/api-version-schema.ts'
import type { RetryConfig } from '../schema/resilience-schema.ts'
import type { RouteConfig } from '../schema/route-schema.ts'
import type { RouteTimeoutsConfig } from '../schema/limits-schema.ts'
import type { MatchConfig, ValueMatchConfig } from '../schema/match-schema.ts'
import type { RateLimitConfig } from '../schema/rate-limit-schema.ts'
import {
  ifThere,
  writtenByteRate,
  writtenDelay,
  writtenLimitKey,
  writtenMoment,
  writtenRate,
  writtenSize,
  writtenTime,
} from './quantities.ts'
import { writtenConcurrency } from './write-upstream.ts'
import type { Written } from './written.ts'

export function writtenRoute(route: RouteConfig): Written<RouteInput> {
  const { match, apiVersions, lifecycle, mirror, timeout, retry, hedge, timeouts } = route
  const { minimumByteRate, concurrency, graphql, rateLimit, limits } = route
  return {
    ...route,
    match: writtenMatch(match),
    apiVersions: ifThere(apiVersions, writtenApiVersions),
    lifecycle: ifThere(lifecycle, writtenLifecycle),
    mirror: ifThere(mirror, (each) => ({ ...each, body: writtenSize(each.body) })),
    timeout: ifThere(timeout, writtenTime),
    retry: writtenRetry(retry),
    hedge: ifThere(hedge, (each) => ({ ...each, delay: writtenDelay(each.delay) })),
    timeouts: ifThere(timeouts, writtenTimeouts),
    minimumByteRate: ifThere(minimumByteRate, writtenByteRate),
    concurrency: ifThere(concurrency, writtenConcurrency),
    graphql: ifThere(graphql, (each) => ({ ...each, maxSize: writtenSize(each.maxSize) })),
    rateLimit: rateLimit?.map((each) =>
      typeof each === 'string' ? each : { ...writtenRateLimit(each), name: each.name },
    ),
    limits: ifThere(limits, ({ body }) => ({ body: ifThere(body, writtenSize) })),
  }
}

function writtenTimeouts(timeouts: RouteTimeoutsConfig): Written<RouteInput['timeouts']> {
  const { attempt, responseHead, bodyIdle, streamIdle } = timeouts
  return {
    attempt: ifThere(attempt, writtenTime),
    responseHead: ifThere(responseHead, writtenTime),
    bodyIdle: ifThere(bodyIdle, writtenTime),
    streamIdle: ifThere(streamIdle, writtenTime),
  }
}

export function writtenRateLimit(limit: RateLimitConfig): Written<RateLimitInput> {
  return { ...limit, rate: writtenRate(limit.rate), key: limit.key.map(writtenLimitKey) }
}

function writtenMatch(match: MatchConfig): Written<MatchInput> {
  const { headers, query, cookies, all, any, not } = match
  return {
    ...match,
    headers: ifThere(headers, writtenValues),
    query: ifThere(query, writtenValues),
    cookies: ifThere(cookies, writtenValues),
    all: all?.map(writtenMatch),
    any: any?.map(writtenMatch),
    not: ifThere(not, writtenMatch),
  }
}

function writtenValues(
  values: Readonly<Record<string, ValueMatchConfig>>,
): Readonly<Record<string, Written<ValueMatchInput>>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, 'equals' in value ? value.equals : value]),
  )
}

function writtenLifecycle<Lifecycle extends LifecycleConfig>(
  lifecycle: Lifecycle,
): Omit<Lifecycle, 'deprecated' | 'sunset'> & Pick<LifecycleInput, 'deprecated' | 'sunset'> {
  const { deprecated, sunset } = lifecycle
  return {
    ...lifecycle,
    deprecated: ifThere(deprecated, writtenMoment),
    sunset: ifThere(sunset, writtenMoment),
  }
}

function writtenApiVersions(apiVersions: ApiVersionsConfig): Written<ApiVersionsInput> {
  const versions = Object.entries(apiVersions.versions).map(([name, each]) => [name, writtenLifecycle(each)])
  return { ...apiVersions, versions: Object.fromEntries(versions) }
}

function writtenRetry(retry: RetryConfig | false): Written<RouteInput['retry']> {
  if (retry === false) return false
  const { base, max } = retry.backoff
  return { ...retry, backoff: { ...retry.backoff, base: writtenTime(base), max: writtenTime(max) } }
}
