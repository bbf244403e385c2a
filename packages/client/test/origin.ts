import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type Client, type ClientOptions, createClient } from '../src/index.ts'

/** An HTTP server on this machine that ends with the test; resolves with its origin, as `http://127.0.0.1:1234`. */
export async function originOf(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
}

/** A client that is closed with the test. */
export function clientOf(t: TestContext, options: ClientOptions = {}): Client {
  const client = createClient(options)
  t.after(() => client.close({ grace: 0 }))
  return client
}

/** Ends the response with the content in pieces of so many bytes, each in a turn of the event loop of its own. */
export function endInPieces(response: ServerResponse, content: Buffer, size: number): void {
  let at = 0
  const next = (): void => {
    if (at >= content.length) return void response.end()
    response.write(content.subarray(at, (at += size)), () => setImmediate(next))
  }
  next()
}

/** All of a request's content. */
export async function contentOf(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await request.toArray())
}

/** Answers with what was asked: method, target, fields and content. */
export const echo: RequestListener = (request, response) => {
  void contentOf(request).then((content) => {
    const { method, url, headers, rawHeaders } = request
    const body = JSON.stringify({ method, url, headers, rawHeaders, content: content.toString('latin1') })
    response.setHeader('content-type', 'application/json')
    response.end(request.method === 'HEAD' ? undefined : body)
  })
}

/** What `echo` answers. */
export interface Echo {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly rawHeaders: readonly string[]
  /** One character for each byte. */
  readonly content: string
}

/** What `echo` has answered. */
export async function echoed(response: PromiseLike<{ json(): Promise<unknown> }>): Promise<Echo> {
  return (await (await response).json()) as Echo
}
