import { TrafficError } from '@headgate/core'
import { AS_USUAL, type ClientEngine } from '../engine.ts'
import { modeOfFetch } from '../cache/cache-mode.ts'
import { type CheckedCall, checkedCall, plainCall } from '../check-call.ts'
import type { CallOptions, Priority } from '../options.ts'
import { NO_CONTENT, type RequestContent } from '../request-body.ts'
import type { ClientResponse } from '../response/response.ts'
import { extracted } from './content.ts'
import { fetchFailure, fetchFailures } from './failures.ts'
import { contentLength, sentFields } from './fields.ts'
import { giveUp, heldContent } from './held-content.ts'
import { matchesIntegrity } from './integrity.ts'
import { isLocal, localFetch } from './local-fetch.ts'
import type { FetchInit } from './members.ts'
import { type FetchRequest, fetchRequest } from './request.ts'

/** `fetch` as the Fetch standard has it (5.6), over the client's policies and connections. */
export type Fetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>

/** The client's `fetch`. What it rejects with is what the standard says: the signal's reason, or a TypeError. */
export function makeFetch(engine: ClientEngine): Fetch {
  // A method, since the bundler shortens the names of functions within functions.
  const { fetch } = {
    // oxlint-disable-next-line no-useless-default-assignment -- so that it needs one argument, as the platform's
    async fetch(this: void, input: string | URL | Request, init: FetchInit | undefined = undefined) {
      const request = fetchRequest(input, init)
      const { url, method, headers, signal } = request
      if (signal?.aborted === true) {
        giveUpContent(request, signal.reason)
        checkTarget(engine, url)
        throw signal.reason
      }
      if (isLocal(url)) return localFetch(url, method, headers, request)
      try {
        const { request: holder } = request
        // Without a Request, at once: whoever calls may change what was given when this returns.
        const content =
          holder === undefined ? contentOf(request) : await heldContent(holder, contentLength(headers))
        const response = await engine.sendChecked(url, callOf(request), {
          ...AS_USUAL,
          content,
          failures: fetchFailures(signal),
          marksTiming: true,
          referrer: request.referrer,
        })
        if (isMissing(response)) throw notStored(response)
        if (response.status === 407) throw proxyAuthentication(response)
        return request.integrity === '' ? response : await checked(response, request)
      } catch (thrown) {
        throw fetchFailure(thrown, signal)
      }
    },
  }
  return fetch
}

function contentOf(request: FetchRequest): RequestContent {
  const { body, duplex, keepalive } = request
  return body === null ? NO_CONTENT : extracted(body, duplex, keepalive, contentLength(request.headers))
}

/** @throws TypeError, as what is no URL is an error whatever the signal says (WHATWG Fetch 5.4) */
function checkTarget(engine: ClientEngine, url: string): void {
  if (isLocal(url)) return
  try {
    engine.originOf(url)
  } catch (thrown) {
    throw fetchFailure(thrown, undefined)
  }
}

/** What cannot be sent is an error all the same, and a stream is cancelled (WHATWG Fetch 5.6, steps 2 and 4). */
function giveUpContent({ request, body, duplex, keepalive }: FetchRequest, reason: unknown): void {
  if (request !== undefined) return giveUp(request, reason)
  const message = 'the call was given up before it was sent'
  extracted(body, duplex, keepalive, undefined).body.cancel(
    new TrafficError('cancelled', message, { cause: reason }),
  )
}

function callOf(request: FetchRequest): CheckedCall {
  const { method, signal, redirect, settings, credentials } = request
  const fields = sentFields(request.headers)
  const cache = modeOfFetch(request.cache, fields)
  const headers = fields.length === 0 ? undefined : fields
  const priority = priorityOf(request.priority)
  const isPlain = settings === undefined && redirect === 'follow' && credentials !== 'omit'
  if (isPlain) return plainCall(method, headers, signal, priority, cache)
  const call: CallOptions = {
    method,
    headers,
    signal,
    cache,
    ...(redirect !== 'follow' && { redirectMode: redirect }),
    priority: settings?.priority ?? priority,
    ...(credentials === 'omit' && { auth: false as const, cookies: false as const }),
  }
  return checkedCall({ ...settings, ...call })
}

function priorityOf(given: string): Priority | undefined {
  return given === 'high' || given === 'low' ? given : undefined
}

/** @throws TrafficError `invalid_content` if the content is not what `init.integrity` says */
async function checked(
  response: ClientResponse,
  { integrity, method }: FetchRequest,
): Promise<ClientResponse> {
  if (response.body === null) throw mismatch(method, response)
  const content = await response
    .clone()
    .bytes()
    .catch(({ cause }: Error) => {
      throw cause
    })
  if (!matchesIntegrity(content, integrity)) throw mismatch(method, response)
  return response
}

/** Whether the client's cache has nothing for a call that may use nothing else. */
function isMissing({ cacheStatus }: ClientResponse): boolean {
  return cacheStatus?.detail === 'only-if-cached'
}

/** A failure of the network, of which it was to make none (WHATWG Fetch 4.5, "HTTP-network-or-cache fetch", step 8.22). */
function notStored(response: ClientResponse): TrafficError {
  void response.discard()
  const message = 'nothing that is stored answers it, and its cache mode is only-if-cached'
  return new TrafficError('unexpected_status', message, { phase: 'response-head' })
}

/** Where nobody can be asked for credentials, 407 is a failure of the network (WHATWG Fetch 4.5, step 15). */
function proxyAuthentication(response: ClientResponse): TrafficError {
  void response.discard()
  const message = 'a proxy on the way asks for credentials (407)'
  return new TrafficError('proxy_failed', message, { phase: 'response-head' })
}

function mismatch(method: string, response: ClientResponse): TrafficError {
  void response.discard()
  const message = `the content that ${method} brought does not match init.integrity`
  return new TrafficError('invalid_content', message, { phase: 'response-body' })
}
