import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'
import { test } from 'node:test'
import { SocketReader } from '../../src/socket/socket-reader.ts'

/** A socket that is sent to, and one that a reader is attached to. */
async function pair(
  attach: (socket: Socket) => void,
): Promise<{ sender: Socket; close: () => Promise<void> }> {
  const server = createServer(attach)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const sender = connect(address.port, '127.0.0.1')
  await once(sender, 'connect')
  return {
    sender,
    close: async () => {
      sender.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Sends 8 blocks of 256 KiB, each of one letter, and answers what was read. */
async function readBlocks(
  free: (owned: boolean) => boolean,
): Promise<{ kept: Buffer[]; memories: Set<ArrayBufferLike> }> {
  const kept: Buffer[] = []
  const memories = new Set<ArrayBufferLike>()
  const size = 256 * 1024
  let received = 0
  let done = (): void => {}
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  const { sender, close } = await pair((socket) => {
    const reader = new SocketReader()
    reader.target = {
      socket,
      streaming: true,
      read(chunk, owned) {
        memories.add(chunk.buffer)
        kept.push(owned ? chunk : Buffer.from(chunk))
        received += chunk.length
        if (received === 8 * size) done()
        return free(owned)
      },
      destroy() {},
    }
    reader.attach(socket)
    socket.on('error', () => {})
  })
  for (const letter of 'abcdefgh') sender.write(Buffer.alloc(size, letter))
  await all
  await close()
  return { kept, memories }
}

test('bytes that were handed over and kept are never written over by a later read', async () => {
  const { kept } = await readBlocks(() => false)
  const runs = Buffer.concat(kept)
    .toString()
    .match(/(.)\1*/g)
  assert.deepEqual(
    runs?.map((run) => [run[0], run.length]),
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter) => [letter, 256 * 1024]),
  )
})

test('memory that is given back is read into again', async () => {
  const { kept, memories } = await readBlocks(() => true)
  assert.ok(kept.length > 8, `only ${kept.length} reads`)
  // The shared buffer for the first read, one of its own for all that follow.
  assert.ok(memories.size <= 2, `${memories.size} buffers for ${kept.length} reads`)
})

test('a connection that brings much lets the others have their turn of the event loop', async () => {
  const size = 8 * 1024 * 1024
  let [received, inTurn, most] = [0, 0, 0]
  const all = Promise.withResolvers<void>()
  const { sender, close } = await pair((socket) => {
    const reader = new SocketReader()
    reader.target = {
      socket,
      streaming: true,
      read({ length }) {
        if (inTurn === 0) setImmediate(() => (inTurn = 0))
        inTurn += length
        most = Math.max(most, inTurn)
        received += length
        if (received === size) all.resolve()
        return true
      },
      destroy() {},
    }
    reader.attach(socket)
    socket.on('error', () => {})
  })
  sender.write(Buffer.alloc(size))
  await all.promise
  await close()
  assert.ok(most < 1024 * 1024, `${most} bytes were read in one turn`)
})

test('a socket that was paused while its reading is put off stays paused', async () => {
  const size = 2 * 1024 * 1024
  let received = 0
  const paused = Promise.withResolvers<Socket>()
  const all = Promise.withResolvers<void>()
  const { sender, close } = await pair((socket) => {
    const reader = new SocketReader()
    reader.target = {
      socket,
      streaming: true,
      read({ length }) {
        received += length
        if (received >= size / 4 && received - length < size / 4)
          process.nextTick(() => paused.resolve(socket.pause()))
        if (received === size) all.resolve()
        return true
      },
      destroy() {},
    }
    reader.attach(socket)
    socket.on('error', () => {})
  })
  sender.write(Buffer.alloc(size))
  const socket = await paused.promise
  const before = received
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(received, before)
  socket.resume()
  await all.promise
  await close()
})

test('a target that throws is destroyed, and the process lives on', async () => {
  const destroyed = Promise.withResolvers<void>()
  const { sender, close } = await pair((socket) => {
    const reader = new SocketReader()
    reader.target = {
      socket,
      streaming: false,
      read() {
        throw new Error('a defect')
      },
      destroy() {
        socket.destroy()
        destroyed.resolve()
      },
    }
    reader.attach(socket)
    socket.on('error', () => {})
  })
  sender.write('a')
  await destroyed.promise
  await close()
})

test('a connection that streams little at a time reads into what all share, and gets a buffer of its own once it brings much', () => {
  const make = (): SocketReader => {
    const reader = new SocketReader()
    reader.target = { socket: new Socket(), streaming: true, read: () => false, destroy() {} }
    return reader
  }
  const [small, other, large] = [make(), make(), make()]
  const shared = other.next()
  // A head, and a small body that comes after it.
  for (const size of [200, 24, 4_000, 16_383]) {
    const buffer = small.next()
    assert.equal(buffer, shared)
    small.take(size, buffer)
  }
  large.take(16_384, large.next())
  const own = large.next()
  assert.notEqual(own.buffer, shared.buffer)
  large.take(100, own)
  assert.equal(large.next(), own, 'it stays with it for as long as it streams')
})
