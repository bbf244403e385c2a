import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { MetricRegistry } from '@headgate/core'
import { parseConfig } from '../../src/config/parse.ts'
import type { MirrorInput } from '../../src/config/input/input.ts'
import { Gateway } from '../../src/gateway.ts'
import { becomes } from '../becomes.ts'
import { startOrigin } from '../origin.ts'

/** A gateway that listens, and counts. */
async function mirrored(mirror: Omit<MirrorInput, 'upstream'>, second: string) {
  const first = await startOrigin((request, response) => {
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
    })
    request.on('end', () => response.end(String(size)))
  })
  const listeners = [{ address: '127.0.0.1:0' }]
  const routes = [{ name: 'shop', upstream: first.url, mirror: { ...mirror, upstream: second } }]
  const result = parseConfig({ listeners, routes })
  assert.ok(result.ok, JSON.stringify(result))
  const metrics = new MetricRegistry()
  const gateway = new Gateway(result.config, { metrics })
  after(() => gateway.close(0))
  const [listener] = await gateway.listen()
  const counted = (): string =>
    ['answered', 'failed', 'dropped']
      .map((outcome) => {
        const pattern = new RegExp(`headgate_mirror_requests_total{route="shop",outcome="${outcome}"} (\\d+)`)
        return `${outcome} ${pattern.exec(metrics.render())?.[1]}`
      })
      .join(', ')
  const url = `http://127.0.0.1:${listener?.port}/`
  const send = async (body?: NonNullable<RequestInit['body']>): Promise<string> => {
    const response = await fetch(url, body === undefined ? {} : { method: 'POST', body, duplex: 'half' })
    return response.text()
  }
  return { send, counted }
}

/** One that takes connections and requests, and never answers. */
async function startHung(): Promise<{ url: string; seen: () => number }> {
  let seen = 0
  const server = createServer(() => {
    seen++
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen: () => seen }
}

describe('a mirror', () => {
  it('that hangs costs the main path nothing: beyond its few copies, none are made', async () => {
    const hung = await startHung()
    const { send, counted } = await mirrored({ concurrency: 3 }, hung.url)
    for (let count = 0; count < 50; count++) assert.equal(await send(), '0')
    assert.equal(await becomes(hung.seen, 3), 3)
    assert.equal(counted(), 'answered 0, failed 0, dropped 47')
  })

  it('that refuses connections fails for itself', async () => {
    const { send, counted } = await mirrored({}, 'http://127.0.0.1:1')
    for (let count = 0; count < 20; count++) assert.equal(await send(), '0')
    const all = 'answered 0, failed 20, dropped 0'
    assert.equal(await becomes(counted, all), all)
  })

  it('gets no copy of a body that is huge or still arriving, and the upstream gets all of it', async () => {
    const second = await startOrigin((request, response) => {
      request.resume().on('end', () => response.end())
    })
    const { send, counted } = await mirrored({ body: '1KiB' }, second.url)
    assert.equal(await send(Buffer.alloc(4 * 1024 * 1024)), String(4 * 1024 * 1024))
    assert.equal(await send(Buffer.alloc(1025)), '1025')
    const arriving = new ReadableStream({
      async start(controller) {
        controller.enqueue(Buffer.from('a'))
        await new Promise((resolve) => setImmediate(resolve))
        controller.enqueue(Buffer.from('b'))
        controller.close()
      },
    })
    assert.equal(await send(arriving), '2')
    assert.equal(await send('small'), '5')
    const all = 'answered 1, failed 0, dropped 3'
    assert.equal(await becomes(counted, all), all)
    assert.equal(second.requests, 1)
  })

  it('of a percentage copies about that share', async () => {
    const second = await startOrigin()
    const { send, counted } = await mirrored({ percent: 25 }, second.url)
    for (let count = 0; count < 200; count++) await send()
    assert.ok(second.requests > 20 && second.requests < 80, `${second.requests} of 200`)
    const all = `answered ${second.requests}, failed 0, dropped 0`
    assert.equal(await becomes(counted, all), all)
  })
})
