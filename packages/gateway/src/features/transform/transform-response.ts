import {
  contentChanged,
  decodedContent,
  type Exchange,
  hasNoContent,
  type HttpResponse,
  type Policy,
  TrafficError,
} from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { putJson, readJson, textOf, Unfit, unfitError } from './changed-content.ts'
import { jsonChanges } from './json-changes.ts'
import { isJson, isText } from './media.ts'
import { ReplacedBody } from './replaced-body.ts'
import type { TransformResponseConfig } from './setting.ts'

/** Text that is replaced while it passes need not fit into memory: it is bounded as a decompression bomb is. */
const DECODED = { maxSize: Number.MAX_SAFE_INTEGER, maxRatio: 200 }

/**
 * Changes what the upstream answers. It is asked for content without a coding, and as a whole: what is encoded all the same is decoded, and a part (206) passes
 * as it is.
 */
export function transformResponse(config: TransformResponseConfig, geo?: GeoLookup): Policy {
  const { json, text, status, limit, onUnfit } = config
  const change = jsonChanges(json, geo)
  const readsContent = json.length > 0 || text.length > 0
  const changeJson = async (exchange: Exchange, response: HttpResponse): Promise<void> => {
    try {
      putJson(response, change(readJson(await textOf(response, limit)), exchange))
    } catch (error) {
      if (!(error instanceof Unfit)) throw error
      if (onUnfit === 'pass') return
      const failure = unfitError(error, 'response', exchange)
      response.body.cancel(failure)
      throw failure
    }
  }
  const transform = async (exchange: Exchange, response: HttpResponse): Promise<HttpResponse> => {
    const { headers } = response
    const type = headers.get('content-type') ?? ''
    const isPart = response.status === 206
    response.status = status[response.status] ?? response.status
    if (isPart || response.tunnel !== undefined) return response
    const changesJson = json.length > 0 && isJson(type)
    if (!changesJson && !(text.length > 0 && isText(type))) return response
    if (hasNoContent(exchange.request.method, response.status)) contentChanged(headers)
    else {
      if (changesJson) await changeJson(exchange, response)
      if (text.length > 0) replaceText(response, text)
    }
    return response
  }
  return (next) =>
    function transformResponse(exchange) {
      if (readsContent) asksForAll(exchange)
      return next(exchange).then((response) => transform(exchange, response))
    }
}

function asksForAll({ request: { headers } }: Exchange): void {
  headers.set('accept-encoding', 'identity')
  for (const name of ['range', 'if-range', 'te', 'want-content-digest', 'want-repr-digest'])
    headers.delete(name)
}

function replaceText(response: HttpResponse, text: TransformResponseConfig['text']): void {
  const { headers } = response
  const encoding = headers.get('content-encoding')
  const decoded = encoding === undefined ? response.body : decodedContent(response.body, encoding, DECODED)
  if (decoded === undefined) {
    const message = 'text cannot be replaced in content with a coding that is not known'
    const failure = new TrafficError('invalid_content', message, { phase: 'response-body' })
    response.body.cancel(failure)
    throw failure
  }
  contentChanged(headers)
  headers.delete('content-encoding')
  response.body = new ReplacedBody(decoded, text)
}
