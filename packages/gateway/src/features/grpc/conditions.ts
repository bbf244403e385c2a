import { type HttpRequest, isGrpc } from '@headgate/core'
import type { Condition } from '../../routing/conditions.ts'
import { isWebPreflight } from './preflight.ts'
import type { GrpcConfig, GrpcMatchConfig } from './setting.ts'

/** What a match asks of the call of a gRPC request. None holds for any other request. */
export function grpcConditions({ service, method }: GrpcMatchConfig): Condition[] {
  if (service === undefined && method === undefined)
    return [{ text: 'request is a gRPC call', weight: 1, holds: isCall }]
  return [
    ...(service === undefined ? [] : [isOneOf('service', service)]),
    ...(method === undefined ? [] : [isOneOf('method', method)]),
  ]
}

function isOneOf(part: 'service' | 'method', patterns: readonly string[]): Condition {
  const tests = patterns.map(nameTest)
  return {
    text: `gRPC ${part} is ${patterns.join(' or ')}`,
    // A name in full is more specific than a pattern of names.
    weight: patterns.some((pattern) => pattern.includes('*')) ? 1 : 2,
    holds(subject) {
      if (!isCall(subject)) return false
      const call = calledMethod(subject.request.path)
      return call !== undefined && tests.some((test) => test(call[part]))
    },
  }
}

/** Each call is a POST (PROTOCOL-HTTP2); before one of gRPC-Web, a browser asks whether it may. */
function isCall({ request }: { readonly request: HttpRequest }): boolean {
  return request.method === 'POST' ? isGrpc(request.headers.get('content-type')) : isWebPreflight(request)
}

interface Call {
  readonly service: string
  readonly method: string
}

/** What a path of gRPC calls: `/shop.Orders/Get`. Undefined where it is none. */
export function calledMethod(path: string): Call | undefined {
  const slash = path.indexOf('/', 1)
  if (slash <= 1 || slash === path.length - 1 || path.includes('/', slash + 1)) return undefined
  return { service: path.slice(1, slash), method: path.slice(slash + 1) }
}

/** Whether a name is as the pattern says, `*` for any run of characters. Its parts are sought from left to right, each once. */
export function nameTest(pattern: string): (name: string) => boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return (name) => name === pattern
  return (name) => {
    if (!name.startsWith(first) || !name.endsWith(last)) return false
    const end = name.length - last.length
    let from = first.length
    for (const part of rest) {
      const found = name.indexOf(part, from)
      if (found === -1) return false
      from = found + part.length
    }
    return from <= end
  }
}

/** For `excludeEachOther`: whether no call is both. */
export function callsExclude(one: GrpcMatchConfig | undefined, other: GrpcMatchConfig | undefined): boolean {
  return namesExclude(one?.service, other?.service) || namesExclude(one?.method, other?.method)
}

function namesExclude(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === undefined || other === undefined) return false
  return !one.some((left) => other.some((right) => haveCommon(left, right)))
}

/** Of two patterns with `*` that they have a name in common is taken for granted. */
function haveCommon(one: string, other: string): boolean {
  if (!one.includes('*')) return nameTest(other)(one)
  return other.includes('*') || nameTest(one)(other)
}

/** A match, as far as it asks for calls. */
interface CallMatch {
  readonly grpc?: GrpcMatchConfig | undefined
  readonly all?: readonly CallMatch[] | undefined
  readonly any?: readonly CallMatch[] | undefined
}

/** A route, as far as it looks at gRPC. */
export interface GrpcRoute {
  readonly grpc?: GrpcConfig | undefined
  readonly match: CallMatch
}

/** Whether the route is one of gRPC, by what it takes or by a setting of its own. */
export function isGrpcRoute({ grpc, match }: GrpcRoute): boolean {
  return grpc !== undefined || asksForCall(match)
}

function asksForCall({ grpc, all = [], any = [] }: CallMatch): boolean {
  return grpc !== undefined || all.some(asksForCall) || any.some(asksForCall)
}
