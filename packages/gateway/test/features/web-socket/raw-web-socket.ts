import { once } from 'node:events'
import { connect } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { ScriptedConnection } from '@headgate/core/testing'
import { eventually } from '../../../../../scripts/testing/eventually.ts'
import type { Version } from '../../http2/websocket-peers.ts'

/** A WebSocket of a client that writes its frames byte by byte. */
export interface RawWebSocket {
  send(bytes: Uint8Array): void
  /** All that came, once the gateway has ended its side; then this one is ended, too. */
  untilEnd(): Promise<Buffer>
}

export function portOf(url: string): number {
  return Number(new URL(url).port)
}

/** Opens one through a gateway, over either version. */
export function openRaw(t: TestContext, version: Version, port: number): Promise<RawWebSocket> {
  return version === 'h1' ? overHttp1(t, port) : overHttp2(t, port)
}

/** A request for a WebSocket as HTTP/1.1 writes it, with these fields in place of its own. */
export function asked(fields: Readonly<Record<string, string>> = {}, method = 'GET'): string {
  const all = {
    host: 'a.example',
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'chat',
    ...fields,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} / HTTP/1.1\r\n${lines.join('')}\r\n`
}

async function overHttp1(t: TestContext, port: number): Promise<RawWebSocket> {
  const connection = await ScriptedConnection.to(port)
  t.after(() => connection.socket.destroy())
  connection.send(asked())
  await connection.receives('\r\n\r\n')
  const start = connection.text.indexOf('\r\n\r\n') + 4
  return {
    send: (bytes) => connection.send(bytes),
    async untilEnd() {
      await eventually(() => connection.ended || connection.closed, 'the gateway ends the connection')
      connection.finish()
      return Buffer.from(connection.text.slice(start), 'latin1')
    },
  }
}

async function overHttp2(t: TestContext, port: number): Promise<RawWebSocket> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.after(() => session.destroy())
  await once(session, 'remoteSettings')
  const stream: Duplex = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/',
    'sec-websocket-version': '13',
    'sec-websocket-protocol': 'chat',
  })
  stream.on('error', () => {})
  const chunks: Buffer[] = []
  let ended = false
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('end', () => (ended = true))
  await once(stream, 'response')
  return {
    send: (bytes) => stream.write(bytes),
    async untilEnd() {
      await eventually(() => ended || stream.destroyed, 'the gateway ends the stream')
      stream.end()
      return Buffer.concat(chunks)
    },
  }
}
