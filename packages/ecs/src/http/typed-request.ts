import type { StandardSchema } from '@headgate/client'
import type { Attached } from '../port/component.ts'
import type { Entity } from '../port/entity.ts'
import type { EcsPort } from '../port/port.ts'
import { HttpRequest, type HttpRequestInput } from './components/http-request.ts'
import { HttpResponse } from './components/http-response.ts'
import { HttpResponseReceived } from './events.ts'

/** Requests whose responses are of one type. */
export interface TypedRequests<Value> {
  /** The component for an entity: `spawn(users({ url: '/users/1' }))`. */
  (given: string | URL | Omit<HttpRequestInput, 'schema' | 'stream'>): Attached<HttpRequest>
  /** The response of an entity that asked so; undefined while there is none. */
  response(port: EcsPort, entity: Entity): HttpResponse<Value> | undefined
  /** Calls `observer` with the response of an entity that asks so. Returns what ends it. */
  observe(port: EcsPort, entity: Entity, observer: (event: HttpResponseReceived<Value>) => void): () => void
}

/**
 * Requests for JSON that a schema checks and types, of any library that follows Standard Schema: `const users = request(User)`. What is
 * not as it says is an `HttpError` with the code `invalid_content`.
 */
export function request<Value>(schema: StandardSchema<unknown, Value>): TypedRequests<Value> {
  const isOfThis = (asked: HttpRequest | undefined): boolean => asked?.input.schema === schema
  const make = (given: string | URL | Omit<HttpRequestInput, 'schema' | 'stream'>): Attached<HttpRequest> =>
    HttpRequest(
      typeof given === 'string' || given instanceof URL ? { url: given, schema } : { ...given, schema },
    )
  return Object.assign(make, {
    response: (port: EcsPort, entity: Entity) =>
      isOfThis(port.get(entity, HttpRequest))
        ? // The schema has checked it.
          (port.get(entity, HttpResponse) as HttpResponse<Value> | undefined)
        : undefined,
    observe: (port: EcsPort, entity: Entity, observer: (event: HttpResponseReceived<Value>) => void) =>
      port.events(HttpResponseReceived).observe((event) => {
        if (isOfThis(event.request)) observer(event as HttpResponseReceived<Value>)
      }, entity),
  })
}
