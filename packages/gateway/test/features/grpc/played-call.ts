import type { TestContext } from 'node:test'
import {
  type Body,
  bodyFrom,
  Exchange,
  type Handler,
  type HeaderList,
  HttpRequest,
  type HttpResponse,
  type Policy,
  type TrafficError,
} from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import type { RouteInput } from '../../../src/config/input/input.ts'
import { createGateway } from '../../../src/embedding/create-gateway.ts'

/** What a client has of a response. */
export interface Played {
  readonly status: number
  readonly headers: HeaderList
  readonly content: Buffer
  readonly trailers: Readonly<Record<string, string>> | undefined
  /** What broke its content. */
  readonly error: TrafficError | undefined
  /** The line of the access log. */
  readonly line: Readonly<Record<string, unknown>>
}

export interface PlayedRequest {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
  readonly clock?: VirtualClock
}

/** Sends a request through a gateway whose upstream is `upstream`, without a socket. */
export async function play(
  t: TestContext,
  route: Omit<RouteInput, 'upstream'>,
  upstream: Handler,
  {
    path = '/shop.Orders/Get',
    method = 'POST',
    headers,
    body = bodyFrom(''),
    clock = new VirtualClock(),
  }: PlayedRequest = {},
): Promise<Played> {
  const lines: string[] = []
  const policy: Policy = () => upstream
  const gateway = await createGateway(
    { routes: [{ upstream: 'http://127.0.0.1:1', ...route }] },
    { clock, policies: [{ place: 'each-attempt', policy }], accessLog: (line) => lines.push(line) },
  )
  t.after(() => gateway.close(0))
  const fields = headers ?? { 'content-type': 'application/grpc+proto' }
  const request = HttpRequest.to(`http://a.example${path}`, { method, headers: fields, body })
  const exchange = new Exchange(request, clock)
  const response = await gateway.handler(exchange)
  const read = await readAll(response)
  exchange.finish({
    status: response.status,
    error: read.error,
    bytesSent: read.content.length,
    bytesReceived: 0,
  })
  const line = JSON.parse(lines[0] ?? '{}') as Record<string, unknown>
  return { status: response.status, headers: response.headers, ...read, line }
}

function readAll({ body }: HttpResponse): Promise<Pick<Played, 'content' | 'trailers' | 'error'>> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    const settle = (trailers: HeaderList | undefined, error: TrafficError | undefined): void =>
      resolve({
        content: Buffer.concat(chunks),
        trailers: trailers && Object.fromEntries([...trailers].map(({ name, value }) => [name, value])),
        error,
      })
    body.flowTo({
      write: (chunk) => chunks.push(Uint8Array.from(chunk)) > 0,
      end: (trailers) => settle(trailers, undefined),
      fail: (error) => settle(undefined, error),
    })
  })
}
