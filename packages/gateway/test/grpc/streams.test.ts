import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'
import { ended, readAll, ShopClient, startShop, startSite, type Handlers } from './shop.ts'

const echo: Handlers = {
  get: (call, answer) => answer(null, call.request),
  chat: (call) => {
    call.on('data', (message: Buffer) => call.write(message))
    call.on('end', () => call.end())
  },
}

test('a server waits for a client that reads slowly, and all arrives once that reads on', async (t) => {
  const [size, count] = [64 * 1024, 200]
  let written = 0
  const { shop } = await startSite(t, {
    list: (call) => {
      const fill = (): void => {
        while (written < count) {
          written++
          if (!call.write(Buffer.alloc(size, written))) {
            call.once('drain', fill)
            return
          }
        }
        call.end()
      }
      fill()
    },
  })
  const call = shop.list('a')
  // grpc-js holds a server back only once somebody has begun to read: before, it keeps whatever comes.
  await new Promise<void>((resolve) => {
    call.once('data', () => {
      call.pause()
      resolve()
    })
  })
  let before = -1
  // Until nothing moves any more: the windows and buffers of all four connections are full.
  await eventually(async () => {
    const stood = written === before
    before = written
    await new Promise((resolve) => setTimeout(resolve, 50))
    return stood && written === before
  }, 'the server waits')
  assert.ok(written < count / 2, `${written} messages of ${count} are on their way`)
  const rest = readAll(call)
  call.resume()
  const { messages, status } = await rest
  assert.deepEqual([messages.length, status.code], [count - 1, grpc.status.OK])
})

test('a stream goes on through reloads, and through a drain until it ends by itself', async (t) => {
  const url = await startShop(t, echo)
  const config = (name: string): Record<string, unknown> =>
    configWith({
      workers: 1,
      drain: { timeout: '20s' },
      upstreams: { shop: { endpoints: [{ url }] } },
      routes: [{ name, match: { grpc: {} }, upstream: 'shop' }],
    })
  const gateway = await startChanging(config('first'))
  const shop = new ShopClient(new URL(gateway.url).host)
  t.after(() => shop.client.close())
  const call = shop.chat()
  const done = ended(call)
  let last = ''
  call.on('data', (message: Buffer) => (last = message.toString()))
  const asked = async (message: string): Promise<void> => {
    call.write(Buffer.from(message))
    await eventually(() => last === message, `${message} is answered`)
  }
  await asked('before')
  for (const version of [2, 3]) {
    gateway.write(config(`version-${version}`))
    await gateway.process.print(new RegExp(`version ${version} is in force`))
    await asked(`in version ${version}`)
  }
  gateway.process.child.kill('SIGTERM')
  // Who comes now finds nobody, or is told so.
  const later = new ShopClient(new URL(gateway.url).host)
  t.after(() => later.client.close())
  await eventually(
    () =>
      later.get('late').then(
        () => false,
        () => true,
      ),
    'no new call is taken',
  )
  await asked('while it drains')
  call.end()
  assert.equal((await done).code, grpc.status.OK)
  assert.equal((await gateway.process.finished).code, 0)
})
