import { hasNoContent, type HttpResponse } from '@headgate/core'
import { bodyStream } from '../response/body-stream.ts'
import { TRAFFIC_FAILURES } from '../response/failures.ts'

/** A response of the engine as one of the web platform. Its content flows from there when it is read. @param method of the request that it is for */
export function webResponse({ status, headers, body }: HttpResponse, method: string): Response {
  const fields = [...headers].map(({ name, value }): [string, string] => [name, value])
  const isEmpty = hasNoContent(method, status) || status === 205 || body.length === 0
  return new Response(isEmpty ? null : bodyStream(body, TRAFFIC_FAILURES), { status, headers: fields })
}
