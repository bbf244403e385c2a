import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Exchange, HttpRequest, systemClock } from '@headgate/core'
import { createGateway } from '../../src/embedding/create-gateway.ts'

describe('response headers of the defaults', async () => {
  const gateway = await createGateway({
    requestId: false,
    defaults: { responseHeaders: { set: { 'x-frame-options': 'DENY', 'x-for': '${params.id}' } } },
    routes: [
      {
        name: 'own',
        match: { path: '/own/:id' },
        respond: {},
        responseHeaders: { set: { 'x-frame-options': 'SAMEORIGIN' } },
      },
      { name: 'post', match: { path: '/post/:id', methods: ['POST'] }, respond: {} },
      { name: 'away', match: { path: '/away/:id' }, upstream: 'http://127.0.0.1:1', retry: false },
      { name: 'none', match: { path: '/none/:id' }, respond: {}, without: ['responseHeaders'] },
    ],
  })
  after(() => gateway.close())

  async function ask(path: string): Promise<[status: number, frames: string | undefined]> {
    const exchange = new Exchange(HttpRequest.to(`http://shop.test${path}`), systemClock)
    const { status, headers } = await gateway.handler(exchange)
    return [status, headers.get('x-frame-options')]
  }

  it('stand in answers of routes, in errors of the gateway and where no route takes a request', async () => {
    assert.deepEqual(await ask('/away/1'), [502, 'DENY'])
    assert.deepEqual(await ask('/nowhere'), [404, 'DENY'])
    assert.deepEqual(await ask('/post/1'), [405, 'DENY'])
  })

  it('give way to what a route says of the same field, or to a route that goes without', async () => {
    assert.deepEqual(await ask('/own/1'), [200, 'SAMEORIGIN'])
    assert.deepEqual(await ask('/none/1'), [200, undefined])
  })
})
