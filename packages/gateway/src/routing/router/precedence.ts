import { parsePathPattern } from '../../settings/values/pattern.ts'

/** One host and one path of a route: a line of the route table. */
export interface RoutePlace {
  /** Undefined: any. */
  readonly host: string | undefined
  readonly path: string
  /** Empty: any. */
  readonly methods: readonly string[]
  /** 0 by default. */
  readonly priority?: number
  /** Of its conditions; 0 by default. */
  readonly weight?: number
}

/**
 * Sorts places so that of two which match the same request, the one that the router takes comes first. Places that
 * match no request in common are kept together by host and path; equal ones stay in the order of their declaration.
 */
export function comparePrecedence(left: RoutePlace, right: RoutePlace): number {
  return (
    (right.priority ?? 0) - (left.priority ?? 0) ||
    compareHosts(left.host, right.host) ||
    comparePaths(left.path, right.path) ||
    Number(left.methods.length === 0) - Number(right.methods.length === 0) ||
    (right.weight ?? 0) - (left.weight ?? 0)
  )
}

/** Exact hosts, then suffixes from the longest to the shortest, then any host. */
function compareHosts(left: string | undefined, right: string | undefined): number {
  if (left === right) return 0
  return hostRank(left) - hostRank(right) || compareText(left ?? '', right ?? '')
}

function hostRank(host: string | undefined): number {
  if (host === undefined) return Infinity
  return host.startsWith('*.') ? Number.MAX_SAFE_INTEGER - host.length : 0
}

function comparePaths(left: string, right: string): number {
  const [one, other] = [steps(left), steps(right)]
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const difference = compareText(one[index] ?? '', other[index] ?? '')
    if (difference !== 0) return difference
  }
  return 0
}

/** Each segment, and the end, as a text whose order is the precedence: text, parameter, exact end, `**`. */
function steps(path: string): string[] {
  const { segments, open } = parsePathPattern(path)
  return [...segments.map((each) => (each.kind === 'static' ? `0${each.text}` : '1')), open ? '3' : '2']
}

function compareText(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
