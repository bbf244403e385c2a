import type { ApiVersionsConfig } from '../config/schema/api-version-schema.ts'
import type { MirrorConfig, SplitStickyConfig } from '../config/schema/traffic-schema.ts'
import { writtenTime } from '../config/write/quantities.ts'
import type { DeadlineFacts, LimitFacts, RouteFacts, SplitFacts } from '../explain/explain-facts.ts'

/** Lines on the version of an API that a request is for. */
export function versionLines(
  asked: NonNullable<RouteFacts['version']>,
  { versions, header, query, default: wanted }: ApiVersionsConfig,
): string[] {
  const names = Object.keys(versions).join(', ')
  switch (asked.kind) {
    case 'known': {
      const places = {
        path: 'in the path',
        query: `as ${query} in the query`,
        header: `in ${header}`,
        mediaType: 'in Accept',
      }
      const why = asked.by === undefined ? `the default, as none is named` : `named ${places[asked.by]}`
      const { deprecated, sunset } = versions[asked.version] ?? {}
      return [
        `${asked.version}, ${why}`,
        ...(deprecated === undefined ? [] : [`deprecated from ${day(deprecated)} on`]),
        ...(sunset === undefined ? [] : [`ends on ${day(sunset)}`]),
      ]
    }
    case 'unsupported':
      return [`none: there is no version ${JSON.stringify(asked.asked)}, but ${names}`]
    case 'contradiction':
      return [`none: versions ${asked.versions.join(' and ')} are named`]
    case 'missing':
      return [`none is named, and ${wanted === undefined ? 'there is no default' : wanted}`]
  }
}

function day(time: number): string {
  return new Date(time).toISOString().replace('T00:00:00.000Z', '').replace('.000Z', 'Z')
}

/** By the ids of the limits. */
export function limitRows(limits: readonly LimitFacts[]): string[][] {
  return limits.map(({ id, key }) => [id, key === undefined ? 'does not concern it' : `counts for ${key}`])
}

/** Lines on a split. */
export function splitLines(
  { targets, chosen }: SplitFacts,
  sticky: SplitStickyConfig | undefined,
  isLive: boolean,
): string[] {
  const shares = targets.map(({ upstream, weight, share }) => {
    return `${upstream} ${Math.round(share * 1000) / 10} % (weight ${weight})`
  })
  const why = sticky === undefined ? '' : `, by ${stickyName(sticky)}`
  const goes =
    chosen === undefined
      ? 'this request goes to one of them by chance'
      : `this request goes to ${chosen}${why}`
  return [...shares, goes, isLive ? 'weights of the gateway that runs' : 'weights of the configuration']
}

function stickyName(sticky: SplitStickyConfig): string {
  if (sticky === 'client') return 'the address of the client'
  return 'cookie' in sticky ? `the cookie ${sticky.cookie}` : `the field ${sticky.header}`
}

export function mirrorLine({ upstream, percent }: MirrorConfig): string {
  return percent === 100
    ? `a copy goes to ${upstream}`
    : `a copy of ${percent} % of all requests goes to ${upstream}`
}

/** None where there is no deadline. */
export function deadlineLines({ exchange, attempt, asked }: DeadlineFacts): string[] {
  const isShorter = asked !== undefined && asked < (exchange ?? Infinity)
  return [
    ...(exchange === undefined || isShorter ? [] : [`the whole exchange: ${writtenTime(exchange)}`]),
    ...(isShorter ? [`the whole exchange: ${writtenTime(asked)}, as the client asks`] : []),
    ...(attempt === undefined ? [] : [`the response head of each try: ${writtenTime(attempt)}`]),
  ]
}
