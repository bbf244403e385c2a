import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the stand-in saw it, less what each client adds of its own. */
export interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
  readonly content: string
}

/** Added by each client where the caller says nothing, or different with each call. */
const LEFT_OUT = new Set([
  'user-agent',
  'accept',
  'accept-language',
  'accept-encoding',
  'sec-fetch-mode',
  'connection',
  'host',
  'idempotency-key',
  'x-stainless-timeout',
])

/**
 * A service that does what a path says: `/ok`, `/status/404`, `/flaky` (503 the first time), `/redirect` (307 to `/ok`), `/reset`, `/stall` (no
 * response), `/half` (part of one), `/events` (a stream of events). The last segments of a path count, so that SDKs may put theirs before.
 */
export class StandIn {
  readonly seen: Seen[] = []
  /** What `/ok` answers with. */
  content = '{"ok":true}'
  type = 'application/json'
  /** Says what to do where the path does not. */
  mode = 'ok'
  private calls = 0
  private readonly server = createServer((request, response) => void this.answer(request, response))

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  reset(mode: string): void {
    this.seen.length = 0
    this.calls = 0
    this.mode = mode
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const content = Buffer.concat(await request.toArray()).toString('latin1')
    const fields = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !LEFT_OUT.has(name)))
    this.seen.push({ method: request.method, url: request.url, fields, content })
    this.calls++
    const [kind, status] = this.mode.split(' ')
    const moved = request.url?.includes('moved=1') === true
    if (kind === 'flaky' && this.calls === 1)
      return void response
        .writeHead(503, { 'retry-after': '0', 'content-type': 'application/json' })
        .end('{"error":{"message":"busy"}}')
    if (kind === 'status')
      return void response
        .writeHead(Number(status), { 'content-type': 'application/json' })
        .end('{"message":"no","error":{"message":"no","type":"t"}}')
    if (kind === 'reset') return void request.socket.resetAndDestroy()
    if (kind === 'stall') return
    if (kind === 'half')
      return void response
        .writeHead(200, { 'content-type': this.type, 'content-length': '1000' })
        .write(this.content.slice(0, 5))
    if (kind === 'redirect' && !moved) {
      const target = `${request.url}${request.url?.includes('?') === true ? '&' : '?'}moved=1`
      return void response.writeHead(307, { location: target }).end()
    }
    response.writeHead(200, { 'content-type': this.type }).end(this.content)
  }
}
