import { type CacheStore, fieldValue, HttpRequest } from '@headgate/core'
import {
  type AdminAnswer,
  type AdminOperation,
  type AdminRequest,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { explain, type TakenRoute } from '../explain/explain.ts'
import { FORESEEN, foreseenView, type ForeseenView } from '../explain/cache-view.ts'
import { widestForm } from '../routing/router/path-readings.ts'
import { boundsOnStoring } from '../features/cache/words.ts'
import { isFields } from '../settings/problems/fields.ts'

/** What is asked of the supervisor. */
export interface CacheShowSource {
  readonly cache: { readonly store: CacheStore } | undefined
  readonly config: GatewayConfig
}

/** What the cache has for a request, and what it would do about it. */
export function cacheShow(source: CacheShowSource): AdminOperation {
  return operation({
    method: 'POST',
    path: '/cache/show',
    about:
      'what the cache has for a request, and whether it would answer it; nothing is sent to the upstream',
    id: 'showCached',
    result: FORESEEN,
    body: {
      type: 'object',
      description: 'a request, as a client sends it',
      properties: {
        url: { type: 'string' },
        method: { type: 'string', description: 'GET if it is left out' },
        headers: { type: 'object', additionalProperties: { type: 'string' } },
        client: {
          type: 'string',
          description: 'the address that it comes from; 127.0.0.1 if it is left out',
        },
      },
      required: ['url'],
      additionalProperties: false,
    },
    answers: {
      200: 'what is stored under its key, and what would become of it',
      400: 'the body is not as described, or the request is none',
      404: 'no route with a cache takes it',
    },
    handle: (request) => show(source, request),
  })
}

async function show(
  { cache, config }: CacheShowSource,
  { body }: AdminRequest,
): Promise<AdminAnswer<ForeseenView>> {
  const asked = readRequest(body, config)
  if (typeof asked === 'string') return problem(400, 'Bad request', asked)
  const { request, client } = asked
  const peer = { address: client, port: 0, encrypted: request.scheme === 'https' }
  const { taken } = await explain(config, request, peer, { store: cache?.store })
  if (taken === undefined)
    return problem(404, 'Not found', 'no route takes the request: "headgate explain" tells why')
  const view = viewOf(taken, asked.fields)
  // Nothing is changed by it.
  return typeof view === 'string' ? problem(404, 'Not found', view) : { ...json(view), isRecorded: true }
}

function viewOf(
  { config, cache, answer, answeredBy }: TakenRoute,
  fields: Readonly<Record<string, string>>,
): ForeseenView | string {
  if (config.cache === undefined || config.cache === false) return `route ${config.name} has no cache`
  if (cache !== undefined) {
    const view = foreseenView(config.name, cache)
    const bounds =
      cache.lookup === undefined || view.stored.length > 0 ? [] : boundsOnStoring(fields, config.cache)
    return { ...view, outcome: [view.outcome, ...bounds].join('; ') }
  }
  const outcome = `it is answered before the cache is asked: ${answer?.status} by ${answeredBy}`
  return { outcome, stored: [] }
}

function readRequest(
  body: unknown,
  config: GatewayConfig,
):
  | {
      readonly request: HttpRequest
      readonly client: string
      readonly fields: Readonly<Record<string, string>>
    }
  | string {
  const { url, method = 'GET', headers = {}, client = '127.0.0.1' } = isFields(body) ? body : {}
  if (
    typeof url !== 'string' ||
    typeof method !== 'string' ||
    typeof client !== 'string' ||
    !isFields(headers)
  )
    return 'the body must be an object with "url", and perhaps with "method", "headers" and "client"'
  const fields: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') return `the value of header ${JSON.stringify(name)} must be a text`
    fields[name.toLowerCase()] = fieldValue(value)
  }
  const { host = 'localhost', ...others } = fields
  const paths = widestForm(config.routes.map((route) => route.paths))
  try {
    const whole = url.startsWith('/') ? `http://${host}${url}` : url
    return { request: HttpRequest.to(whole, { method, headers: others, paths }), client, fields }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
