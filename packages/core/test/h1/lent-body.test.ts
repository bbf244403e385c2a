import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { BodyWriter } from '../../src/h1/body-writer.ts'

const SIZE = 8 * 1024 * 1024

/** A socket whose peer reads nothing unless the test has it read. */
async function pair(): Promise<{
  readonly socket: Socket
  readonly peer: Socket
  readonly close: () => void
}> {
  const server = createServer({ pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const socket = connect(address.port, '127.0.0.1').on('error', () => {})
  const [peer] = (await once(server, 'connection')) as [Socket]
  const close = (): void => {
    socket.destroy()
    peer.destroy()
    server.close()
  }
  return { socket, peer, close }
}

const owner = { bodyWritten: () => {}, bodyBroken: () => {}, awaitDrain: () => {} }

test('what a body was lent is given back when the kernel has all of it, and not before', async () => {
  const { socket, peer, close } = await pair()
  try {
    let returned = 0
    const room = new BodyWriter(socket, SIZE, owner).lend(Buffer.alloc(SIZE), () => returned++)
    assert.equal(room, false)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(returned, 0, 'the peer reads nothing')
    peer.resume()
    await eventually(() => returned === 1, 'what was lent is given back')
  } finally {
    close()
  }
})

test('what a body was lent is given back when the connection is lost', async () => {
  const { socket, close } = await pair()
  try {
    let returned = 0
    const writer = new BodyWriter(socket, 2 * SIZE, owner)
    for (const _ of [1, 2]) writer.lend(Buffer.alloc(SIZE), () => returned++)
    socket.destroy()
    await eventually(() => returned === 2, 'both parts are given back')
  } finally {
    close()
  }
})

test('what is longer than the head announced is given back at once, and breaks the body', async () => {
  const { socket, close } = await pair()
  try {
    let returned = 0
    let broken = 0
    const writer = new BodyWriter(socket, 3, { ...owner, bodyBroken: () => broken++ })
    assert.equal(
      writer.lend(Buffer.alloc(4), () => returned++),
      false,
    )
    assert.deepEqual([returned, broken], [1, 1])
  } finally {
    close()
  }
})
