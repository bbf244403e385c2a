import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUFFER_SIZE, BufferPool } from '../../src/h2/buffer-pool.ts'
import { FrameWriter } from '../../src/h2/frame-writer.ts'
import { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import { CLIENT_PREFACE } from '../../src/h2/preface.ts'
import { TurnEnd } from '../../src/h2/turn-end.ts'
import { WriteBuffer } from '../../src/h2/write-buffer.ts'
import { READER, readPieces } from './frames.ts'
import { decodeAll, field, hex, pair } from './hpack-blocks.ts'

/** A writer whose turns end when the test says so, and what its output has got. */
class Rig {
  /** Of each write. */
  readonly written: Buffer[] = []
  takesAll = true
  private readonly turns: (() => void)[] = []
  readonly pool = new BufferPool()
  readonly buffer: WriteBuffer
  readonly writer: FrameWriter

  constructor() {
    const output = {
      write: (bytes: Buffer): boolean => {
        this.written.push(Buffer.from(bytes))
        return this.takesAll
      },
    }
    this.buffer = new WriteBuffer(output, new TurnEnd((run) => this.turns.push(run)), this.pool)
    this.writer = new FrameWriter(this.buffer)
  }

  get scheduled(): number {
    return this.turns.length
  }

  endTurn(): void {
    for (const run of this.turns.splice(0)) run()
  }

  get bytes(): Buffer {
    this.endTurn()
    return Buffer.concat(this.written)
  }
}

test('each frame is written as RFC 9113 section 6 draws it', () => {
  const encoder = new HpackEncoder()
  const eight = Buffer.from('x12345678')
  const frames: Readonly<Record<string, readonly [write: (writer: FrameWriter) => void, bytes: string]>> = {
    SETTINGS: [
      (writer) =>
        writer.settings([
          [3, 100],
          [4, 0x7fff_ffff],
        ]),
      '00000c 04 00 00000000 0003 00000064 0004 7fffffff',
    ],
    'SETTINGS of nothing': [(writer) => writer.settings([]), '000000 04 00 00000000'],
    'SETTINGS, acknowledged': [(writer) => writer.settingsAck(), '000000 04 01 00000000'],
    PING: [(writer) => writer.ping(eight, 1), '000008 06 00 00000000 3132333435363738'],
    'PING, acknowledged': [(writer) => writer.pingAck(eight, 1), '000008 06 01 00000000 3132333435363738'],
    GOAWAY: [
      (writer) => writer.goaway(0x7fff_ffff, 'ENHANCE_YOUR_CALM'),
      '000008 07 00 00000000 7fffffff 0000000b',
    ],
    RST_STREAM: [(writer) => writer.reset(258, 'HTTP_1_1_REQUIRED'), '000004 03 00 00000102 0000000d'],
    WINDOW_UPDATE: [
      (writer) => writer.windowUpdate(0x7fff_ffff, 0x7fff_ffff),
      '000004 08 00 7fffffff 7fffffff',
    ],
    HEADERS: [
      (writer) => writer.headers(1, [field(':method', 'GET')], encoder, false),
      '000001 01 04 00000001 82',
    ],
    'HEADERS that end the stream': [
      (writer) => writer.headers(3, [field(':path', '/')], encoder, true),
      '000001 01 05 00000003 84',
    ],
    'empty HEADERS': [(writer) => writer.headers(3, [], encoder, true), '000000 01 05 00000003'],
    DATA: [(writer) => writer.data(1, eight, 1, 3, false), '000002 00 00 00000001 3132'],
    'DATA that end the stream': [(writer) => writer.data(1, eight, 1, 3, true), '000002 00 01 00000001 3132'],
    'empty DATA': [(writer) => writer.data(1, eight, 3, 3, true), '000000 00 01 00000001'],
  }
  for (const [what, [write, bytes]] of Object.entries(frames)) {
    const rig = new Rig()
    write(rig.writer)
    assert.equal(rig.bytes.toString('hex'), hex(bytes).toString('hex'), what)
  }
  const rig = new Rig()
  rig.writer.preface()
  assert.deepEqual(rig.bytes, CLIENT_PREFACE)
})

test('DATA beyond the size of a frame is cut into frames, the last of which ends the stream', () => {
  for (const length of [16_384, 16_385, 200_000]) {
    const content = Buffer.alloc(length, 'abc')
    const rig = new Rig()
    rig.writer.settings([])
    rig.writer.data(1, content, 0, length, true)
    const { events, fault } = readPieces([rig.bytes])
    assert.equal(fault, undefined)
    const ends = events.filter((event) => event.startsWith('data end'))
    assert.equal(ends.length, Math.ceil(length / 16_384))
    assert.deepEqual(
      ends.map((event) => event.endsWith(' end')),
      ends.map((_, index) => index === ends.length - 1),
    )
    assert.equal(ends.map((event) => /\[(.*)\]/.exec(event)?.[1]).join(''), content.toString('hex'))
  }
})

test('a section that one frame cannot hold goes on in CONTINUATION, with the stream’s end in HEADERS', () => {
  const encoder = new HpackEncoder()
  const fields = [
    field(':status', '200'),
    ...Array.from({ length: 50 }, (_, index) => field('set-cookie', `${index}`.repeat(900))),
  ]
  const rig = new Rig()
  rig.writer.settings([])
  rig.writer.headers(1, fields, encoder, true)
  rig.writer.headers(3, [field(':status', '204')], encoder, false)
  const flags: string[] = []
  for (let at = 9; at < rig.bytes.length; at += 9 + rig.bytes.readUIntBE(at, 3))
    flags.push(rig.bytes.toString('hex', at + 3, at + 5))
  assert.deepEqual(flags, ['0101', '0900', '0900', '0900', '0904', '0104'])
  const { events, fault } = readPieces([rig.bytes], { ...READER, maxBlockSize: 200_000 })
  assert.equal(fault, undefined)
  const [, long = '', short = ''] = events
  assert.match(long, /^headers 1 .* end$/)
  const block = Buffer.from(/\[(.*)\]/.exec(long)?.[1] ?? '', 'hex')
  assert.ok(block.length > 65_536)
  assert.deepEqual(decodeAll(new HpackDecoder(), block), fields.map(pair))
  assert.equal(short, 'headers 3 [89]')
})

test('a malformed field is refused before a byte is written, and what follows is whole', () => {
  const rig = new Rig()
  const encoder = new HpackEncoder()
  rig.writer.settings([])
  for (const long of ['', 'v'.repeat(20_000)]) {
    assert.throws(
      () => rig.writer.headers(1, [field('x-a', long), field('x-b', 'a\r\nb')], encoder, false),
      /policy/,
    )
  }
  rig.writer.headers(1, [field(':status', '200')], encoder, true)
  assert.deepEqual(readPieces([rig.bytes]).events, ['settings []', 'headers 1 [88] end'])
})

test('what one turn writes leaves in one write, from a buffer that is used again', () => {
  const rig = new Rig()
  for (let turn = 0; turn < 3; turn++) {
    for (let each = 0; each < 100; each++) rig.writer.windowUpdate(1, 1)
    assert.equal(rig.scheduled, 1)
    assert.equal(rig.written.length, turn)
    rig.endTurn()
    assert.equal(rig.written.length, turn + 1)
    assert.equal(rig.written[turn]?.length, 1300)
    assert.equal(rig.buffer.backlog, 0)
  }
  const one = rig.pool.take()
  rig.pool.give(one)
  rig.writer.settingsAck()
  assert.equal(rig.buffer.bytes, one)
})

test('a buffer that is full leaves at once', () => {
  const rig = new Rig()
  rig.writer.data(1, Buffer.alloc(80_000), 0, 80_000, false)
  assert.equal(rig.written.length, 1)
  assert.ok((rig.written[0]?.length ?? 0) <= BUFFER_SIZE)
  assert.equal(rig.bytes.length, 80_000 + 5 * 9)
})

test('while the output has not done with what it got, nothing more is written, and then all of it in order', () => {
  const rig = new Rig()
  rig.takesAll = false
  rig.writer.settings([])
  rig.endTurn()
  assert.equal(rig.buffer.isBlocked, true)
  for (let each = 1; each <= 20_000; each++) rig.writer.windowUpdate(each, each)
  rig.endTurn()
  assert.equal(rig.written.length, 1)
  assert.ok(rig.buffer.backlog >= 20_000 * 13)
  rig.buffer.drained()
  assert.equal(rig.written.length, 2, 'one buffer, and blocked again')
  rig.takesAll = true
  rig.buffer.drained()
  assert.equal(rig.buffer.isBlocked, false)
  assert.equal(rig.buffer.backlog, 0)
  const { events, fault } = readPieces([rig.bytes])
  assert.equal(fault, undefined)
  assert.deepEqual(
    events.slice(1),
    Array.from({ length: 20_000 }, (_, index) => `window update ${index + 1} ${index + 1}`),
  )
  rig.buffer.drained()
  rig.writer.settingsAck()
  rig.endTurn()
  assert.equal(rig.written.at(-1)?.length, 9)
})

test('a turn that ends while the output is blocked sends nothing more', () => {
  const rig = new Rig()
  rig.takesAll = false
  rig.writer.data(1, Buffer.alloc(80_000), 0, 80_000, false)
  rig.endTurn()
  assert.equal(rig.written.length, 1)
  rig.buffer.drained()
  assert.equal(rig.written.length, 2)
  assert.equal(Buffer.concat(rig.written).length, 80_000 + 5 * 9)
})

test('the memory of what is on its way is not written into before it has left', () => {
  const rig = new Rig()
  rig.takesAll = false
  rig.writer.settings([])
  const leaving = rig.buffer.bytes
  rig.endTurn()
  rig.writer.settingsAck()
  assert.notEqual(rig.buffer.bytes, leaving)
  rig.buffer.drained()
  rig.writer.settingsAck()
  assert.equal(rig.buffer.bytes, leaving)
})

test('after its end nothing is written, and all memory is given back', () => {
  const rig = new Rig()
  rig.takesAll = false
  rig.writer.settings([])
  rig.endTurn()
  for (let each = 0; each < 6000; each++) rig.writer.windowUpdate(1, 1)
  rig.buffer.close()
  rig.writer.settingsAck()
  rig.buffer.drained()
  rig.endTurn()
  assert.equal(rig.written.length, 1)
  assert.equal(rig.buffer.backlog, 0)
})

test('a connection whose writing throws does not keep the others from theirs', () => {
  const turns: (() => void)[] = []
  const turnEnd = new TurnEnd((run) => turns.push(run))
  const flushed: string[] = []
  turnEnd.add({ flush: () => flushed.push('first') })
  turnEnd.add({
    flush: () => {
      throw new Error('broken')
    },
  })
  turnEnd.add({ flush: () => flushed.push('last') })
  assert.throws(() => turns.shift()?.(), /broken/)
  turns.shift()?.()
  assert.deepEqual(flushed, ['first', 'last'])
  assert.deepEqual(turns, [])
})

test('without anything else a turn ends behind what the event loop has read', async () => {
  const turnEnd = new TurnEnd()
  await new Promise<void>((flush) => turnEnd.add({ flush }))
})
