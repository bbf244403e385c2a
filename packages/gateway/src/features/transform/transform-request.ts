import { type Exchange, type Handler, type HttpResponse, mediaType, type Policy } from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { putContent, putJson, readJson, textOf, Unfit, unfitError } from './changed-content.ts'
import { formToJson, jsonToForm } from './form-json.ts'
import { jsonChanges } from './json-changes.ts'
import type { JsonNode } from './json-tree.ts'
import { isJson } from './media.ts'
import type { TransformRequestConfig } from './setting.ts'

const FORM = 'application/x-www-form-urlencoded'

/** Changes the content of requests: those of another type pass as they are. */
export function transformRequest(config: TransformRequestConfig, geo?: GeoLookup): Policy {
  const { json, as, limit, onUnfit } = config
  const change = jsonChanges(json, geo)
  const transform = async (exchange: Exchange, isForm: boolean): Promise<void> => {
    const { request } = exchange
    try {
      const text = await textOf(request, limit)
      const node: JsonNode = change(isForm ? formToJson(text) : readJson(text), exchange)
      const target = as ?? (isForm ? 'form' : 'json')
      if (target === 'json') putJson(request, node, isForm ? 'application/json' : undefined)
      else putContent(request, formOf(node), FORM)
      request.headers.set('content-length', String(request.body.length))
      // Nobody waits for 100 any more (RFC 9110 10.1.1).
      request.headers.delete('expect')
    } catch (error) {
      if (!(error instanceof Unfit)) throw error
      if (onUnfit === 'refuse') throw unfitError(error, 'request', exchange)
    }
  }
  const transformed = async (exchange: Exchange, isForm: boolean, next: Handler): Promise<HttpResponse> => {
    await transform(exchange, isForm)
    return next(exchange)
  }
  return (next) =>
    function transformRequest(exchange) {
      const { headers, body } = exchange.request
      const type = headers.get('content-type') ?? ''
      const isForm = mediaType(type) === FORM
      const concerns = isForm
        ? as === 'json' || json.length > 0
        : (as === 'form' || json.length > 0) && isJson(type)
      if (!concerns || body.length === 0) return next(exchange)
      return transformed(exchange, isForm, next)
    }
}

function formOf(node: JsonNode): string {
  try {
    return jsonToForm(node)
  } catch (error) {
    throw new Unfit((error as Error).message)
  }
}
