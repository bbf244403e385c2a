import { parsePathPattern } from '../../settings/values/pattern.ts'
import { allHold, type Condition, type Subject, weightOf } from '../conditions.ts'

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

/** The route taken. Frozen, made with the router, and given out again and again where the path has no parameters. */
export interface RouteFound<Route> {
  readonly kind: 'found'
  readonly route: Route
  /** As they stand in the canonical path: percent-encoded. */
  readonly params: Readonly<Record<string, string>>
}

/** A route in one of the places that its hosts and paths give it. */
export interface Candidate<Route> {
  /** Empty: any. */
  readonly methods: readonly string[]
  /** Of the path's parameters, in order; undefined if it has none. */
  readonly paramNames: readonly string[] | undefined
  /** What must hold beside host, path and method; undefined if there is nothing. */
  readonly conditions: readonly Condition[] | undefined
  /** The answer, but for the values of parameters. */
  readonly found: RouteFound<Route>
}

/** Numbers of a candidate. */
const SIZE = 4
/** Of its list of methods. */
const METHODS = 0
/** Of its conditions, -1 for none. */
const CONDITIONS = 1
/** Of the names of its path's parameters, -1 for none. */
const PARAMS = 2
/** 1 if it is the last of its choice. */
const LAST = 3

/** How well a list of methods takes a method: the lowest is best. */
const NAMED = 1
const HEAD_AS_GET = 2
const ANY = 3
const NEVER = 4

/**
 * Choices among the routes with the same host and path, which differ by method and by conditions. A choice is the number of
 * its first candidate; what candidates have in common is kept once, for the reason that `TextIndex` gives.
 */
export class MethodChoices<Route> {
  private readonly found: readonly RouteFound<Route>[]
  private readonly numbers: Int32Array
  private readonly lists: readonly (readonly string[])[]
  private readonly conditions: readonly (readonly Condition[])[]
  private readonly params: readonly (readonly string[])[]
  /** Where the ranks of a method begin. Methods that no route names have those at 0. */
  private readonly rows: ReadonlyMap<string, number>
  /** A row for each method, in it how well each list of methods takes it. */
  private readonly ranks: Uint8Array

  /** @param choices each in the order of declaration, and not empty */
  constructor(choices: readonly (readonly Candidate<Route>[])[]) {
    const lists = new Numbered<readonly string[]>()
    const conditions = new Numbered<readonly Condition[]>()
    const params = new Numbered<readonly string[]>()
    // Sorting keeps the order of equals: the earlier has precedence.
    const sorted = choices.map((choice) =>
      [...choice].sort((one, other) => weightOf(other.conditions) - weightOf(one.conditions)),
    )
    this.numbers = Int32Array.from(
      sorted.flatMap((choice) =>
        choice.flatMap(({ methods, conditions: asked, paramNames }, index) => [
          lists.numberOf(methods.join(' '), methods),
          asked === undefined ? -1 : conditions.numberOf(asked.map(({ text }) => text).join('\n'), asked),
          paramNames === undefined ? -1 : params.numberOf(paramNames.join(' '), paramNames),
          index === choice.length - 1 ? 1 : 0,
        ]),
      ),
    )
    this.found = sorted.flatMap((choice) => choice.map(({ found }) => found))
    this.lists = lists.values
    this.conditions = conditions.values
    this.params = params.values
    const methods = ['', ...new Set(lists.values.flat()), 'HEAD']
    this.rows = new Map(methods.map((method, row) => [method, row * lists.values.length]))
    this.ranks = Uint8Array.from(
      methods.flatMap((method) => lists.values.map((list) => rankOf(method, list))),
    )
  }

  /** For `choose`: to be asked once for a request. */
  row(method: string): number {
    return this.rows.get(method) ?? 0
  }

  /**
   * A route that names the method, else one that has HEAD through GET, else one that takes any; among these, the one with more
   * conditions.
   * @returns the number of the candidate, -1 if there is none
   */
  choose(choice: number, row: number, subject: Subject): number {
    const { numbers, ranks, conditions } = this
    let best = -1
    let bestRank = NEVER
    for (let candidate = choice, at = choice * SIZE; ; candidate++, at += SIZE) {
      const rank = ranks[row + (numbers[at + METHODS] ?? 0)] ?? NEVER
      if (rank < bestRank) {
        const asked = numbers[at + CONDITIONS] ?? -1
        if (asked === -1 || allHold(conditions[asked], subject)) {
          if (rank === NAMED) return candidate
          best = candidate
          bestRank = rank
        }
      }
      if (numbers[at + LAST] === 1) return best
    }
  }

  /** What is answered for a candidate. */
  answer(candidate: number): RouteFound<Route> | undefined {
    return this.found[candidate]
  }

  /** The names of its path's parameters, in order; undefined if it has none. */
  paramNames(candidate: number): readonly string[] | undefined {
    const number = this.numbers[candidate * SIZE + PARAMS] ?? -1
    return number === -1 ? undefined : this.params[number]
  }

  /** What is allowed where not every method is: what the routes name whose conditions hold. */
  allow(choice: number, subject: Subject): string[] {
    const { numbers } = this
    const methods: string[] = []
    for (let at = choice * SIZE; at < numbers.length; at += SIZE) {
      const conditions = this.conditions[numbers[at + CONDITIONS] ?? -1]
      if (allHold(conditions, subject)) methods.push(...(this.lists[numbers[at + METHODS] ?? -1] ?? []))
      if (numbers[at + LAST] === 1) break
    }
    return methods.includes('GET') ? [...methods, 'HEAD'] : methods
  }
}

function rankOf(method: string, list: readonly string[]): number {
  if (list.length === 0) return ANY
  if (list.includes(method)) return NAMED
  // HEAD asks what GET would answer (RFC 9110 9.3.2): a route that answers the one answers the other.
  return method === 'HEAD' && list.includes('GET') ? HEAD_AS_GET : NEVER
}

/** Values, each once, by what they are known by. */
class Numbered<Value> {
  readonly values: Value[] = []
  private readonly numbers = new Map<string, number>()

  numberOf(key: string, value: Value): number {
    const known = this.numbers.get(key)
    if (known !== undefined) return known
    this.numbers.set(key, this.values.length)
    return this.values.push(value) - 1
  }
}
