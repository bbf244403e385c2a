import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { Http2Connection } from '../../src/h2/connection.ts'
import {
  DEFAULT_HTTP2_LIMITS,
  type Http2ConnectionOptions,
  type Http2Limits,
} from '../../src/h2/connection-options.ts'
import type { ConnectionRole } from '../../src/h2/connection-role.ts'
import type { Http2Fault } from '../../src/h2/fault.ts'
import type { FieldSection } from '../../src/h2/field-section.ts'
import type { Http2Stream } from '../../src/h2/stream.ts'
import type { StreamAbort, StreamReceiver } from '../../src/h2/stream-receiver.ts'
import { SocketReader } from '../../src/socket/socket-reader.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { RawClient } from './raw-client.ts'

/** The server's end of a connection, which does what a test tells it and notes what it is told. */
export class RecordingRole implements ConnectionRole {
  /** What it was told, in words. */
  readonly told: string[] = []
  readonly streams = new Map<number, Http2Stream>()
  full = false

  accept(stream: Http2Stream): StreamReceiver {
    this.streams.set(stream.id, stream)
    return new RecordingReceiver(stream, (what) => this.told.push(`${stream.id} ${what}`))
  }

  stream(id: number): Http2Stream {
    const stream = this.streams.get(id)
    if (stream === undefined)
      throw new Error(`stream ${id} was not taken; what was told: ${this.told.join(' | ')}`)
    return stream
  }

  isFull(): boolean {
    return this.full
  }

  readDone(): void {}
  settingsChanged(): void {}
  stalled(): void {}
  streamClosed(): void {}

  goingAway(): void {
    this.told.push('going away')
  }

  failed(fault: Http2Fault): void {
    this.told.push(`failed ${fault.code}`)
  }

  gone(): void {
    this.told.push('closed')
  }
}

class RecordingReceiver implements StreamReceiver {
  private readonly stream: Http2Stream
  private readonly note: (what: string) => void

  constructor(stream: Http2Stream, note: (what: string) => void) {
    this.stream = stream
    this.note = note
  }

  fields(section: FieldSection, endStream: boolean): Http2Fault | undefined {
    this.stream.expect(section.contentLength)
    this.note(`${section.method?.value ?? 'trailers'}${endStream ? ' end' : ''}`)
    return undefined
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.note(`data ${end - start > 20 ? end - start : bytes.toString('latin1', start, end)}`)
  }

  ended(): void {
    this.note('ended')
  }

  aborted({ by, code }: StreamAbort): void {
    this.note(`aborted by ${by} ${code}`)
  }

  progressed(): void {}

  writable(): void {
    this.note('writable')
  }

  sent(): void {
    this.note('sent')
  }
}

export interface Rig {
  readonly client: RawClient
  readonly connection: Http2Connection
  readonly role: RecordingRole
  readonly clock: VirtualClock
}

export interface RigOptions {
  readonly http2?: Partial<Http2Limits>
  readonly options?: Partial<Http2ConnectionOptions>
}

/** A server's connection whose time stands still, and a raw client of it. */
export async function rig(t: TestContext, { http2, options }: RigOptions = {}): Promise<Rig> {
  const clock = new VirtualClock()
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const role = new RecordingRole()
  const accepted = once(server, 'connection')
  const client = await RawClient.to((server.address() as AddressInfo).port)
  const [socket] = await accepted
  const reader = new SocketReader()
  reader.attach(socket)
  const connection = new Http2Connection(socket, reader, true, role, {
    clock,
    http2: { ...DEFAULT_HTTP2_LIMITS, ...http2 },
    unreadWindow: http2?.streamWindow ?? 262_144,
    section: { maxSize: 16_384, maxFields: 100, maxCrumbs: 100 },
    frameTimeout: 30_000,
    idleTimeout: 75_000,
    pace: { idle: 30_000, minimumRate: 240, grace: 30_000 },
    halfClosedTimeout: 500,
    lingerTimeout: 2_000,
    ...options,
  })
  t.after(async () => {
    client.connection.socket.destroy()
    connection.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { client, connection, role, clock }
}
