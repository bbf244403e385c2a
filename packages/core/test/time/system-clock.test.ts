import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { SystemClock } from '../../src/time/clock.ts'

/** Both ends of a connection. */
async function pair(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const one = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [other] = (await once(server, 'connection')) as [Socket]
  server.close()
  return [one, other]
}

function holdUp(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

test('what came while the thread was held up is read before a timer says that it is late', async (t) => {
  const [peer, socket] = await pair()
  t.after(() => {
    peer.destroy()
    socket.destroy()
  })
  const clock = new SystemClock()
  let isLate = false
  const timer = clock.timer(() => (isLate = true))
  timer.arm(50)
  socket.once('data', () => timer.disarm())
  peer.write('in time')
  holdUp(500)
  await once(socket, 'data')
  assert.equal(isLate, false)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isLate, false)
})

test('a timer whose peer sent nothing fires after the thread was held up', async () => {
  const clock = new SystemClock()
  const fired = new Promise<void>((resolve) => {
    clock.timer(resolve).arm(50)
  })
  holdUp(500)
  // The clock does not keep a process alive.
  const alive = setTimeout(() => {}, 10_000)
  await fired
  clearTimeout(alive)
})

test('a timer that is armed when the thread was held up until now is not early by as long', async () => {
  const clock = new SystemClock()
  // The wheel turns already.
  const other = clock.timer(() => {})
  other.arm(60_000)
  const alive = setTimeout(() => {}, 10_000)
  holdUp(300)
  const armed = performance.now()
  const fired = [100, 400].map(
    (delay) =>
      new Promise<number>((resolve) => {
        clock.timer(() => resolve(performance.now() - armed - delay)).arm(delay)
      }),
  )
  for (const late of await Promise.all(fired)) assert.ok(late >= 0, `${late} ms late`)
  other.disarm()
  clearTimeout(alive)
})
