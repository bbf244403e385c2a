import { type Exchange, type HttpRequest, TrafficError } from '@headgate/core'
import { collectBody } from '../../collect-body.ts'
import type { ExternalConfig } from './setting.ts'

/** What the service is asked. */
export interface Question {
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Undefined where it is not sent. */
  readonly body: Uint8Array | undefined
}

/** Throws or rejects where the body is too large, or does not come to its end. */
export async function questionOf(exchange: Exchange, config: ExternalConfig): Promise<Question> {
  const { request } = exchange
  const fields = [...chosenFields(request, config.requestHeaders), ...saidOf(exchange)]
  if (config.body === undefined) return { fields, body: undefined }
  const { bytes } = await collectBody(request, config.body, tooLarge)
  const type = request.headers.get('content-type')
  return { fields: type === undefined ? fields : [...fields, ['content-type', type]], body: bytes }
}

function chosenFields({ headers }: HttpRequest, names: readonly string[]): [string, string][] {
  // By the mark of a loop the gateway knows a service that asks the very route whose requests it judges.
  return ['cdn-loop', ...names].flatMap((name): [string, string][] => {
    const value = headers.get(name)
    return value === undefined ? [] : [[name, value]]
  })
}

/** In the words of Traefik, and in those of who comes from the auth_request of nginx: the request as routes see it. */
function saidOf({ request, clientScheme, clientAddress }: Exchange): [string, string][] {
  const { method, path, query, authority } = request
  const uri = path + query
  return [
    ['x-forwarded-method', method],
    ['x-forwarded-proto', clientScheme],
    ['x-forwarded-host', authority.text],
    ['x-forwarded-uri', uri],
    ...(clientAddress === '' ? [] : [['x-forwarded-for', clientAddress] as [string, string]]),
    ['x-original-method', method],
    ['x-original-url', `${clientScheme}://${authority.text}${uri}`],
    ['x-original-uri', uri],
  ]
}

function tooLarge(size: number): TrafficError {
  return new TrafficError('request_body_too_large', `a body of ${size} bytes or more is not taken here`)
}
