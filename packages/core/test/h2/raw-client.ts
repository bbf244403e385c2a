import { eventually } from '../../../../scripts/testing/eventually.ts'
import { codeOf } from '../../src/h2/error-codes.ts'
import { FRAME_RULES } from '../../src/h2/frame-types.ts'
import { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import { CLIENT_PREFACE } from '../../src/h2/preface.ts'
import { ScriptedConnection } from '../../src/testing/scripted-peer.ts'
import { frame, SETTINGS, uint32 } from './frames.ts'
import { decodeAll, encode, field, type Pair } from './hpack-blocks.ts'

/** Without its private fields, which would make those of the built package others. */
export type RawConnection = Pick<ScriptedConnection, keyof ScriptedConnection>

/** Content that is longer is told by its length. */
const SHOWN = 60

/**
 * One end of an HTTP/2 connection that sends the bytes that a test writes down, and tells each frame that it gets in a line, as
 * `HEADERS+END 1 :status=200 date=…`, `DATA 1 hello`, `RST_STREAM 1 CANCEL` or `GOAWAY 3 NO_ERROR`.
 */
export class RawClient {
  readonly connection: RawConnection
  /** Of the frames that came and were not looked at by `frames`. */
  private lines: string[] = []
  private skipped: number
  private rest: Buffer = Buffer.alloc(0)
  private readonly decoder = new HpackDecoder()
  private readonly encoder = new HpackEncoder()

  /** @param skipped bytes that are no frames yet: the preface, where this end plays the server */
  constructor(connection: RawConnection, skipped = 0) {
    this.connection = connection
    this.skipped = skipped
    connection.socket.on('data', (bytes: Buffer) => this.take(bytes))
  }

  static async to(port: number): Promise<RawClient> {
    return new RawClient(await ScriptedConnection.to(port))
  }

  send(...parts: readonly (Buffer | string)[]): void {
    this.connection.send(
      Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))),
    )
  }

  /** The preface, empty SETTINGS, and the acknowledgement of the server's. */
  begin(settings: Buffer = SETTINGS): void {
    this.send(CLIENT_PREFACE, settings, frame(4, 1, 0))
  }

  /** HEADERS of a request, `:method=GET :scheme=http :authority=h :path=/` unless `fields` say otherwise; those come behind. Encoded in the order of the calls, which must be that of sending. */
  head(id: number, fields: readonly Pair[] = [], flags = 5): Buffer {
    const all = requestFields(fields).map(([name, value]) => field(name, value))
    return frame(1, flags, id, encode(this.encoder, all))
  }

  /** A block of just these fields, whatever they are, as literals that are in no table. */
  block(fields: readonly Pair[]): Buffer {
    const parts = fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)])
    return Buffer.concat(parts)
  }

  /** All frames so far, which are forgotten. */
  frames(): string[] {
    return this.lines.splice(0)
  }

  /** Waits for a frame whose line begins so, and resolves with all lines up to it, which are forgotten. */
  async until(start: string): Promise<string[]> {
    const at = await eventually(
      () => {
        const found = this.lines.findIndex((line) => line.startsWith(start))
        if (found < 0 && this.connection.closed)
          throw new Error(`closed before ${start}: ${this.lines.join(' | ')}`)
        return found + 1
      },
      `${start} comes, where there were ${this.lines.slice(0, 40).join(' | ')}`,
    )
    return this.lines.splice(0, at)
  }

  /** Waits for the end of the connection, and resolves with what came before. */
  async gone(): Promise<string[]> {
    await this.connection.end()
    return this.frames()
  }

  private take(bytes: Buffer): void {
    const skip = Math.min(this.skipped, bytes.length)
    this.skipped -= skip
    this.rest = Buffer.concat([this.rest, bytes.subarray(skip)])
    while (this.rest.length >= 9) {
      const length = 9 + this.rest.readUIntBE(0, 3)
      if (this.rest.length < length) return
      const whole = this.rest.subarray(0, length)
      this.rest = this.rest.subarray(length)
      this.lines.push(this.told(whole[3] ?? 0, whole[4] ?? 0, whole.readUInt32BE(5), whole.subarray(9)))
    }
  }

  private told(type: number, flags: number, id: number, payload: Buffer): string {
    const name = FRAME_RULES[type]?.name ?? `type ${type}`
    const end = (flags & 1) !== 0
    switch (name) {
      case 'HEADERS': {
        const fields = decodeAll(this.decoder, payload).map((pair) => pair.join('='))
        return [`HEADERS${end ? '+END' : ''} ${id}`, ...fields].join(' ')
      }
      case 'DATA': {
        const content = payload.length > SHOWN ? `(${payload.length} bytes)` : payload.toString('latin1')
        return `DATA${end ? '+END' : ''} ${id} ${content}`.trimEnd()
      }
      case 'RST_STREAM':
        return `RST_STREAM ${id} ${codeOf(payload.readUInt32BE(0))}`
      case 'GOAWAY':
        return `GOAWAY ${payload.readUInt32BE(0)} ${codeOf(payload.readUInt32BE(4))}`
      case 'WINDOW_UPDATE':
        return `WINDOW_UPDATE ${id} ${payload.readUInt32BE(0)}`
      case 'SETTINGS':
        return end ? 'SETTINGS+ACK' : `SETTINGS ${settingsOf(payload)}`
      default:
        return `${name}${end ? '+ACK' : ''} ${id} ${payload.toString('latin1')}`.trimEnd()
    }
  }
}

/** A string of any length and any bytes, not in Huffman code (RFC 7541 5.2). */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const prefix = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>>= 7) prefix.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...prefix, rest]), bytes])
}

function requestFields(fields: readonly Pair[]): Pair[] {
  const pseudo: Pair[] = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':authority', 'h'],
    [':path', '/'],
  ]
  const given = new Map(fields)
  const first = pseudo.map(([name, value]): Pair => [name, given.get(name) ?? value])
  const names = new Set(pseudo.map(([name]) => name))
  return [...first, ...fields.filter(([name]) => !names.has(name))]
}

function settingsOf(payload: Buffer): string {
  const entries: string[] = []
  for (let at = 0; at < payload.length; at += 6) {
    entries.push(`${payload.readUInt16BE(at)}=${payload.readUInt32BE(at + 2)}`)
  }
  return entries.join(' ')
}

/** SETTINGS with these entries. */
export function settings(...entries: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = entries.map(([id, value]) => {
    const entry = Buffer.alloc(6)
    entry.writeUInt16BE(id, 0)
    entry.writeUInt32BE(value, 2)
    return entry
  })
  return frame(4, 0, 0, Buffer.concat(payload))
}

export const windowUpdate = (id: number, by: number): Buffer => frame(8, 0, id, uint32(by))
export const reset = (id: number, code = 8): Buffer => frame(3, 0, id, uint32(code))
export const data = (id: number, content: string | Buffer, flags = 0): Buffer => frame(0, flags, id, content)
export const goaway = (last: number, code = 0): Buffer => frame(7, 0, 0, uint32(last, code))
export const ping = (eight: string, flags = 0): Buffer => frame(6, flags, 0, eight)
