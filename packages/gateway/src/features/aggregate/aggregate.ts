import {
  canonicalPath,
  checkQuery,
  EMPTY_BODY,
  type Exchange,
  Fork,
  type Handler,
  HeaderList,
  HttpResponse,
  InvalidTarget,
  TrafficError,
  bodyFrom,
} from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { readJson, textOf, Unfit } from '../transform/changed-content.ts'
import { jsonNode, type JsonNode, jsonText } from '../transform/json-tree.ts'
import { CallPath, neededCalls } from './call-path.ts'
import type { AggregateConfig } from './setting.ts'

type CallConfig = AggregateConfig['calls'][number]

interface Call {
  readonly config: CallConfig
  readonly path: CallPath
  readonly needs: readonly string[]
  readonly handler: Handler
}

/** What a call has come to: a value, nothing, or why the whole fails. */
type Outcome =
  | { readonly kind: 'brought'; readonly node: JsonNode }
  | { readonly kind: 'omitted' }
  | {
      readonly kind: 'failed'
      readonly error?: TrafficError
      readonly response?: HttpResponse
      readonly fork?: Fork
    }

/**
 * Answers with what several calls bring, as one object of JSON. Each is a request of its own through its upstream, with its balancing, retries and breakers, in
 * the time that the exchange has.
 * @param ways to the upstreams, by what the calls name
 */
export function aggregate(
  { calls: configs, merge, limit }: AggregateConfig,
  ways: ReadonlyMap<string, Handler>,
  geo: GeoLookup | undefined,
): Handler {
  const calls = configs.map((config): Call => {
    const { path, upstream } = config
    const handler = ways.get(upstream)
    if (handler === undefined) throw new TypeError(`no way leads to ${upstream}`)
    return { config, path: new CallPath(path, geo), needs: neededCalls(path), handler }
  })
  return async (exchange) => {
    const { method } = exchange.request
    if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed(method)
    const outcomes = new Map<string, Promise<Outcome>>()
    for (const call of calls) outcomes.set(call.config.name, run(call, exchange, outcomes, limit))
    const ended = await Promise.all(outcomes.values())
    const failed = ended.find((each) => each.kind === 'failed')
    for (const each of ended) if (each.kind === 'failed' && each !== failed) giveUp(each)
    if (failed !== undefined) return handedOn(failed)
    const names = [...outcomes.keys()]
    const parts = ended.flatMap((each, index): [string, JsonNode][] =>
      each.kind === 'brought' ? [[names[index] ?? '', each.node]] : [],
    )
    return answer(merge === 'members' ? membersOf(parts) : new Map(parts))
  }
}

async function run(
  call: Call,
  exchange: Exchange,
  outcomes: ReadonlyMap<string, Promise<Outcome>>,
  limit: number,
): Promise<Outcome> {
  const { config, needs } = call
  const brought = new Map<string, JsonNode>()
  for (const name of needs) {
    // oxlint-disable-next-line no-await-in-loop -- they run already
    const outcome = await outcomes.get(name)
    if (outcome?.kind === 'brought') brought.set(name, outcome.node)
  }
  let failed: Outcome
  try {
    const fork = new Fork(exchange, requestOf(call, exchange, brought))
    const outcome = await made(call, fork, limit)
    if (outcome.kind !== 'failed') return outcome
    failed = outcome
  } catch (thrown) {
    failed = { kind: 'failed', error: TrafficError.from(thrown) }
  }
  if (config.onFailure === 'fail') return failed
  giveUp(failed)
  return config.onFailure === 'omit' ? { kind: 'omitted' } : { kind: 'brought', node: jsonNode(config.value) }
}

async function made({ handler, config }: Call, fork: Fork, limit: number): Promise<Outcome> {
  const response = await handler(fork.exchange)
  if (response.status < 200 || response.status > 299) return { kind: 'failed', response, fork }
  try {
    const node = readJson(await textOf(response, limit))
    fork.drop('its answer is here')
    return { kind: 'brought', node }
  } catch (error) {
    if (!(error instanceof Unfit)) throw error
    const failure = new TrafficError('invalid_content', `the call ${config.name}: ${error.message}`, {
      phase: 'response-body',
    })
    response.body.cancel(failure)
    return { kind: 'failed', error: failure, fork }
  }
}

/** As the client's, but for target and content: what is asked for is not what the client's conditions and ranges are about. */
function requestOf({ path, config }: Call, exchange: Exchange, brought: ReadonlyMap<string, JsonNode>) {
  const written = path.expand(exchange, brought)
  const at = written.indexOf('?')
  const target = canonicalPath(at < 0 ? written : written.slice(0, at))
  const query = at < 0 ? '' : written.slice(at)
  const fault = [target, checkQuery(query)].find((each) => each instanceof InvalidTarget)
  if (target instanceof InvalidTarget || fault !== undefined)
    throw new TrafficError(
      'invalid_content',
      `the path of the call ${config.name} is none: ${fault?.reason}`,
      {
        phase: 'route',
      },
    )
  const request = exchange.request.clone()
  request.method = 'GET'
  request.path = target
  request.query = query
  request.body = EMPTY_BODY
  for (const name of OF_THE_CLIENT) request.headers.delete(name)
  request.headers.set('accept', 'application/json')
  request.headers.set('accept-encoding', 'identity')
  return request
}

const OF_THE_CLIENT = [
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'content-length',
  'content-type',
  'content-encoding',
  'expect',
]

function giveUp(failed: Outcome): void {
  if (failed.kind !== 'failed') return
  failed.fork?.drop('its failure is answered for')
}

/** The client gets the failure of the first call of the list that has failed, as if it had made that call alone. */
function handedOn({ error, response, fork }: Extract<Outcome, { kind: 'failed' }>): HttpResponse {
  if (response === undefined) {
    fork?.drop('it has failed')
    throw error
  }
  fork?.adopt()
  return response
}

function membersOf(parts: readonly (readonly [string, JsonNode])[]): Map<string, JsonNode> {
  const members = new Map<string, JsonNode>()
  for (const [name, node] of parts) {
    if (node.kind === 'object') for (const [key, value] of node.members) members.set(key, value)
    else members.set(name, node)
  }
  return members
}

function answer(members: Map<string, JsonNode>): HttpResponse {
  const headers = new HeaderList()
  headers.set('content-type', 'application/json')
  return new HttpResponse(200, headers, bodyFrom(jsonText({ kind: 'object', members })))
}

function methodNotAllowed(method: string): TrafficError {
  const error = new TrafficError('method_not_allowed', `an aggregate is not asked for by ${method}`, {
    phase: 'route',
  })
  error.allow = ['GET', 'HEAD']
  return error
}
