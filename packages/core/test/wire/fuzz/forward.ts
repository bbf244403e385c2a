import type { Socket } from 'node:net'
import { DEFAULT_CLIENT_OPTIONS, DEFAULT_SERVER_OPTIONS } from '../../../src/socket/connection-options.ts'
import type { Intake } from '../../../src/h1/intake.ts'
import { RequestWriter } from '../../../src/h1/request-writer.ts'
import type { ResponseIntake } from '../../../src/h1/response-intake.ts'
import { ResponseWriter } from '../../../src/h1/response-writer.ts'
import { informationalHead } from '../../../src/h1/write-response-head.ts'
import { Exchange } from '../../../src/message/exchange.ts'
import type { HeaderList } from '../../../src/message/headers.ts'
import { HttpRequest } from '../../../src/message/request.ts'
import { HttpResponse, type Tunnel } from '../../../src/message/response.ts'
import { forwarding } from '../../../src/policies/forwarding.ts'
import { VirtualClock } from '../../../src/testing/virtual-clock.ts'
import { hasNoBody } from './compare.ts'
import { mayEnd } from './dropped.ts'
import { type Asked, INPUT_LIMIT } from './input.ts'
import { knowsMethod, Llhttp } from './llhttp.ts'
import { contentOf, type Message, readRequests } from './reader.ts'

const oracle = new Llhttp()
const clock = new VirtualClock()
const clientOptions = { ...DEFAULT_CLIENT_OPTIONS, clock }
const serverOptions = { ...DEFAULT_SERVER_OPTIONS, clock }
const peer = { address: '192.0.2.7', port: 1, encrypted: false }
/** More than any case becomes. */
const scratch = Buffer.allocUnsafeSlow(8 * INPUT_LIMIT)

/** What would be on the wire. */
class Wire {
  text = ''
  readonly writableLength = 0

  get socket(): Socket {
    return this as unknown as Socket // the parts of one that a writer uses
  }

  write(chunk: string | Uint8Array): boolean {
    this.text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')
    return true
  }

  cork(): void {}
  uncork(): void {}
}

const passAlong: { take: (exchange: Exchange) => HttpResponse } = { take: () => new HttpResponse(200) }
const forward = forwarding()((exchange) => Promise.resolve(passAlong.take(exchange)))

/** Sends a request on as the gateway does and has llhttp read it; answers what is wrong with it. */
export async function forwardRequest(message: Message): Promise<string | undefined> {
  const { request } = message.intake as Intake // the caller's messages are requests
  const wire = new Wire()
  let broken: string | undefined
  passAlong.take = ({ request }) => {
    const writer = new RequestWriter(wire.socket, clientOptions, {
      requestWritten() {},
      requestBroken: (error) => (broken = error.message),
    })
    writer.begin(request)
    writer.proceed()
    return new HttpResponse(200)
  }
  await forward(new Exchange(request, clock, peer))
  if (broken !== undefined) return `the forwarded request breaks: ${broken}`
  const bytes = scratch.subarray(0, scratch.write(wire.text, 0, 'latin1'))
  const disguised = knowsMethod(request.method) ? bytes : withPut(bytes, request.method)
  const wrong =
    readOnce(disguised, undefined) ??
    differsFrom(message) ??
    (oracle.target === request.path + request.query ? undefined : `target ${oracle.target}`) ??
    fieldsWrong(message.fields, ADDED_TO_REQUESTS) ??
    readAgain(bytes, request)
  return wrong === undefined ? undefined : `forwarded as ${JSON.stringify(wire.text)}: ${wrong}`
}

/** Our own reading of what we forward: one request, with the same canonical view. */
function readAgain(bytes: Buffer, { method, authority, path, query }: HttpRequest): string | undefined {
  const { messages, stop } = readRequests([bytes], {
    head: 8 * INPUT_LIMIT,
    fields: 1000,
    target: INPUT_LIMIT,
  })
  const [message] = messages
  // A request without Host may only come by HTTP/1.0, and goes out without one.
  if (authority.text === '') return undefined
  if (message === undefined || messages.length > 1 || stop !== 'ended') return 'is not one request to us'
  const again = (message.intake as Intake).request // read as a request
  const same =
    again.method === method &&
    again.path === path &&
    again.query === query &&
    again.authority.text === authority.text
  return same ? undefined : `reads ${again.method} ${again.authority.text} ${again.path}${again.query}`
}

function withPut(bytes: Buffer, method: string): Buffer {
  return Buffer.concat([Buffer.from('PUT'), bytes.subarray(method.length)])
}

/** Passes a response on as the gateway does and has llhttp read it; answers what is wrong with it. */
export async function forwardResponse(message: Message, asked: Asked): Promise<string | undefined> {
  const { status, headers, framing } = message.intake as ResponseIntake // the caller's messages are responses
  const wire = new Wire()
  const request = HttpRequest.to('http://a/', { method: asked.method })
  const exchange = new Exchange(request, clock, peer)
  const tunnel = status === 101 ? NO_TUNNEL : undefined
  const interim = framing === undefined && status !== 101
  passAlong.take = () => {
    if (!interim) return new HttpResponse(status, headers, message.body, tunnel)
    exchange.beforeInform?.(headers)
    wire.text = informationalHead(status, headers)
    return new HttpResponse(200)
  }
  let broken: string | undefined
  let untilClose = false
  const response = await forward(exchange)
  if (!interim) {
    const writer = new ResponseWriter(wire.socket, serverOptions, (error) => (broken = error?.message))
    writer.begin(response, { ...asked, last: false, pace: DEFAULT_SERVER_OPTIONS.pace })
    untilClose = writer.untilClose
  }
  if (broken !== undefined) return `the forwarded response breaks: ${broken}`
  const bytes = scratch.subarray(0, scratch.write(wire.text, 0, 'latin1'))
  const wrong =
    readOnce(bytes, asked, untilClose) ??
    differsFrom(message) ??
    (oracle.status === status ? undefined : `status ${oracle.status}`) ??
    fieldsWrong(message.fields, ADDED_TO_RESPONSES)
  return wrong === undefined ? undefined : `passed on as ${JSON.stringify(wire.text)}: ${wrong}`
}

const NO_TUNNEL: Tunnel = {
  incoming: new HttpResponse(200).body,
  outgoing: { write: () => true, end() {}, fail() {} },
  onDrain() {},
  onGone() {},
}

/** llhttp takes all of it for one message, which ends with the last byte. */
function readOnce(bytes: Buffer, asked: Asked | undefined, untilClose = false): string | undefined {
  oracle.begin(asked && ((status) => hasNoBody(asked.method, status)))
  oracle.feed(bytes.subarray(0, untilClose ? bytes.length : -1))
  if (oracle.completed > 0) return 'llhttp ends it early'
  if (untilClose) oracle.finish()
  else oracle.feed(bytes.subarray(-1))
  if (oracle.refusal !== undefined)
    return `llhttp refuses it: ${oracle.refusal.code}, ${oracle.refusal.reason}`
  return oracle.completed === 1 && oracle.begun === 1 ? undefined : 'to llhttp it is not one message'
}

function differsFrom(message: Message): string | undefined {
  const { intake, trailers } = message
  if (oracle.body !== contentOf(message)) return `body ${JSON.stringify(oracle.body)}`
  if ('request' in intake && knowsMethod(intake.request.method) && oracle.method !== intake.request.method)
    return `method ${oracle.method}`
  if (oracle.trailers.length > 0) {
    if (oracle.trailers.length !== (trailers?.size ?? 0) * 2) return `trailers ${oracle.trailers.join(', ')}`
    for (let index = 0; index < oracle.trailers.length / 2; index++)
      if (trailers?.nameAt(index) !== oracle.trailers[index * 2])
        return `trailers ${oracle.trailers.join(', ')}`
  }
  return undefined
}

const WRITTEN_ANEW = /^(?:host|content-length|transfer-encoding|connection|upgrade)$/
const ADDED_TO_REQUESTS =
  /^(?:host|via|forwarded|x-forwarded-(?:for|proto|host|port)|content-length|transfer-encoding|connection|upgrade)$/
const ADDED_TO_RESPONSES = /^(?:via|date|content-length|transfer-encoding|connection|upgrade)$/

/** Each field is one of the original's, in its order, or ours; each of the original's is there, or may end here. */
function fieldsWrong(original: HeaderList, added: RegExp): string | undefined {
  const { fields } = oracle
  const named = original.get('connection') ?? ''
  let at = 0
  for (let index = 0; index < original.size; index++) {
    const [name, value] = [original.nameAt(index), original.valueAt(index)]
    if (WRITTEN_ANEW.test(name)) continue
    const found = position(fields, at, name, value, added)
    if (found >= 0) at = found + 2
    else if (!mayEnd(name, named)) return `the field ${name} is lost`
  }
  for (let index = at; index < fields.length; index += 2)
    if (!added.test(fields[index] as string)) return `a field ${fields[index]} that was not there`
  return undefined
}

/** Where the field stands from `at` on, with nothing but fields of ours before it; -1 if it does not. */
function position(fields: readonly string[], at: number, name: string, value: string, added: RegExp): number {
  for (let index = at; index < fields.length; index += 2) {
    if (fields[index] === name && fields[index + 1] === value) return index
    if (!added.test(fields[index] as string)) return -1
  }
  return -1
}
