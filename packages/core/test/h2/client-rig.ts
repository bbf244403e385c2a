import type { TestContext } from 'node:test'
import { CLIENT_PREFACE } from '../../src/h2/preface.ts'
import { type Body, collect } from '../../src/message/body.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { ScriptedPeer } from '../../src/testing/scripted-peer.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { ConnectionOptions } from '../../src/upstream/endpoint/endpoint-open.ts'
import { SingleEndpoint } from '../../src/upstream/single-endpoint.ts'
import { frame, SETTINGS } from './frames.ts'
import type { Pair } from './hpack-blocks.ts'
import { RawClient, type RawConnection } from './raw-client.ts'

/** The server's end of a connection, which sends the bytes that a test writes down. */
export class RawServer extends RawClient {
  constructor(connection: RawConnection) {
    super(connection, CLIENT_PREFACE.length)
  }

  /** Its SETTINGS, and the acknowledgement of the client's. */
  override begin(settings: Buffer = SETTINGS): void {
    this.send(settings, frame(4, 1, 0))
  }

  /** HEADERS of a response. */
  response(id: number, fields: readonly Pair[] = [], { end = false, status = '200' } = {}): Buffer {
    return frame(1, end ? 5 : 4, id, this.block([[':status', status], ...fields]))
  }

  /** HEADERS with just these fields. */
  section(id: number, fields: readonly Pair[], flags = 5): Buffer {
    return frame(1, flags, id, this.block(fields))
  }
}

export interface CallOptions {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Body
}

/** An exchange on its way, and its response. */
export interface Call {
  readonly exchange: Exchange
  readonly response: Promise<HttpResponse>
}

export interface ClientRig {
  readonly peer: ScriptedPeer
  readonly endpoint: SingleEndpoint
  readonly clock: VirtualClock
  readonly call: (path?: string, options?: CallOptions) => Call
  /** The next connection, after the first frames of both sides. */
  readonly accept: (settings?: Buffer) => Promise<RawServer>
}

/** An endpoint that is asked over HTTP/2 while its time stands still, and what plays its server. */
export async function clientRig(
  t: TestContext,
  options: ConnectionOptions = {},
  scheme: 'h2c' | 'http' = 'h2c',
): Promise<ClientRig> {
  const clock = new VirtualClock()
  const peer = await ScriptedPeer.listen()
  const url = `127.0.0.1:${peer.port}`
  const endpoint = new SingleEndpoint({ url: `${scheme}://${url}` }, { clock, ...options })
  t.after(async () => {
    endpoint.destroy()
    await peer.close()
  })
  return {
    peer,
    endpoint,
    clock,
    call(path = '/', callOptions = {}) {
      const exchange = new Exchange(HttpRequest.to(`http://${url}${path}`, callOptions), clock)
      exchange.preserveHost = false
      const response = endpoint.handler(exchange)
      // A test may look at it later than it fails.
      response.catch(() => {})
      return { exchange, response }
    },
    async accept(settings) {
      const server = new RawServer(await peer.accept())
      server.begin(settings)
      return server
    },
  }
}

/** Status, content and trailers, in a line. */
export async function told({ response }: Call): Promise<string> {
  const { status, body } = await response
  return `${status} ${(await collect(body)).toString('latin1')}`.trimEnd()
}
