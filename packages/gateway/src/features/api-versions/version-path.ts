import type { Exchange, Policy } from '@headgate/core'

/** The segment of the path that holds the version. */
export interface VersionSegment {
  /** The path with another version, or without any; undefined where it holds none. */
  replace(exchange: Pick<Exchange, 'request' | 'params'>, version: string | undefined): string | undefined
}

/** @param patterns of the route: the version may stand in different places, or in some of them only */
export function versionSegment(parameter: string, patterns: readonly string[]): VersionSegment {
  const indexes = new Set(patterns.map((each) => each.split('/').indexOf(`:${parameter}`)))
  indexes.delete(-1)
  return {
    replace({ request, params }, version) {
      const written = Object.hasOwn(params, parameter) ? params[parameter] : undefined
      if (written === undefined) return undefined
      const segments = request.path.split('/')
      for (const index of indexes) {
        if (segments[index] !== written) continue
        // As the client writes it: v1 becomes v2.
        const prefix = /^v(?=\d)/i.exec(written)?.[0] ?? ''
        const named = version === undefined ? [] : [/^v\d/i.test(version) ? version : prefix + version]
        return segments.toSpliced(index, 1, ...named).join('/') || '/'
      }
      return undefined
    },
  }
}

/** Takes the version out of the path that the upstream sees; undone at the end, as logs tell it, too. */
export function stripVersion(parameter: string, patterns: readonly string[]): Policy {
  const segment = versionSegment(parameter, patterns)
  return (next) =>
    function stripVersion(exchange) {
      const { request } = exchange
      const { path } = request
      const stripped = segment.replace(exchange, undefined)
      if (stripped !== undefined) {
        request.path = stripped
        exchange.onFinish(() => {
          request.path = path
        })
      }
      return next(exchange)
    }
}
