import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { closing, masked, told } from '../../../../core/test/policies/web-socket/frames.ts'
import { TORTURES } from '../../../../core/test/policies/web-socket/torture.ts'
import { type Accepted, message, opened, startOrigin } from '../../http2/websocket-peers.ts'
import { startMetered } from '../metered-gateway.ts'
import { openRaw, portOf } from './raw-web-socket.ts'

const VERSIONS = ['h1', 'h2'] as const

/** What came to an origin, messages and control frames in short, and the code it was closed with. */
async function arrived({ socket }: Accepted): Promise<string[]> {
  const got: string[] = []
  socket.on('message', (bytes, isBinary) =>
    got.push(`${isBinary ? 'binary' : 'text'} ${(bytes as Buffer).length}`),
  )
  const [code] = (await once(socket, 'close')) as [number]
  return [...got, `close ${code}`]
}

describe('a route with webSocket', () => {
  for (const client of VERSIONS) {
    for (const upstream of VERSIONS) {
      it(`passes from ${client} to ${upstream} what is right, and closes on what is not`, async (t: TestContext) => {
        const origin = await startOrigin(t, upstream)
        const { url } = await startMetered(t, {
          routes: [{ upstream: origin.url, webSocket: { maxMessage: '1000B', maxFrame: '600B' } }],
        })
        for (const { name, sends, code } of TORTURES) {
          const raw = await openRaw(t, client, portOf(url))
          const accepted = await origin.accept()
          const came = arrived(accepted)
          raw.send(
            code === undefined
              ? Buffer.concat([sends, masked({ opcode: 8, payload: closing(4000) })])
              : sends,
          )
          const last = told(await raw.untilEnd()).at(-1)
          assert.equal(last, `close ${code ?? 4000}`, name)
          assert.equal((await came).at(-1), code === undefined ? 'close 4000' : 'close 1001', name)
        }
      })

      it(`passes messages of ${client} to ${upstream} and back whole, and tells both sides when the gateway drains`, async (t) => {
        const origin = await startOrigin(t, upstream)
        const { gateway, url } = await startMetered(t, { routes: [{ upstream: origin.url, webSocket: {} }] })
        const socket = await opened(t, client, portOf(url))
        const { socket: far } = await origin.accept()
        const large = Buffer.alloc(900_000, 'grüße ')
        socket.send(large)
        assert.ok(large.equals(await message(socket)))
        const closed = [once(socket, 'close'), once(far, 'close')]
        await gateway.close(1_000)
        for (const [code] of await Promise.all(closed)) assert.equal(code, 1001)
      })
    }
  }
})
