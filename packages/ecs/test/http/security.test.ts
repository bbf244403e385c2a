import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import {
  HttpClientPool,
  HttpError,
  httpPlugin,
  HttpRequest,
  HttpRequestSubmitted,
  HttpResponse,
  World,
} from '../../src/index.ts'
import { heard, originOf, tickUntilIdle, withHttp } from './worlds.ts'

describe('security of requests in a world', () => {
  it('addresses that are not public are refused, in all notations and behind redirects', async (t) => {
    let asked = 0
    const url = await originOf(t, (_request, response) => {
      asked++
      response.end()
    })
    const port = new World()
    port.addPlugin(httpPlugin())
    t.after(() => port.resource(HttpClientPool).close(0))
    const places = [
      url,
      url.replace('127.0.0.1', '[::ffff:7f00:1]'),
      'http://169.254.169.254/latest/meta-data',
    ]
    const entities = places.map((place) => port.spawn(HttpRequest(place)))
    await tickUntilIdle(port)
    for (const entity of entities)
      assert.deepEqual(
        [port.get(entity, HttpError)?.code, port.get(entity, HttpError)?.retryEligible],
        ['address_refused', false],
      )
    assert.equal(asked, 0)
  })

  it('content beyond the limit is an error, and is not held', async (t) => {
    const url = await originOf(t, (_request, response) => void response.end(Buffer.alloc(100_000)))
    const port = withHttp(t, new World(), { client: { maxBufferedBody: 1_000 } })
    const entity = port.spawn(HttpRequest(url))
    await tickUntilIdle(port)
    assert.deepEqual(
      [port.get(entity, HttpError)?.code, port.get(entity, HttpError)?.retryEligible],
      ['response_body_too_large', false],
    )
  })

  it('printed, neither a request nor what came of it shows fields, content or query', async (t) => {
    const url = await originOf(t, (_request, response) => void response.end('s3cret-content'))
    const port = withHttp(t, new World())
    const submitted = heard(port, HttpRequestSubmitted)
    const entity = port.spawn(
      HttpRequest({
        url: `${url.replace('//', '//me:s3cret-password@')}/path?token=s3cret-query`,
        method: 'POST',
        headers: { authorization: 'Bearer s3cret-field' },
        body: 's3cret-body',
      }),
    )
    await tickUntilIdle(port)
    const request = port.get(entity, HttpRequest)
    const result = port.get(entity, HttpResponse) ?? port.get(entity, HttpError)
    const shown = [request, result].flatMap((value) => [inspect(value, { depth: 9 }), JSON.stringify(value)])
    for (const text of shown) assert.doesNotMatch(text, /s3cret/)
    assert.match(shown.join(), /\/path/)
    assert.equal(submitted.length, 1)
    assert.doesNotMatch(inspect(submitted[0]?.request), /s3cret/)
  })

  it('what is no request, or says what nobody knows, is a TypeError where it is written', () => {
    assert.throws(
      () => HttpRequest({ url: '/', heders: {} } as never),
      /HttpRequest.heders is not known: did you mean headers/,
    )
    assert.throws(() => HttpRequest({} as never), /HttpRequest.url is missing/)
    assert.throws(() => HttpRequest({ url: '/', method: 3 } as never), /HttpRequest.method is no string/)
    assert.throws(() => httpPlugin({ ageing: -1 }), /option ageing is -1/)
    assert.throws(() => httpPlugin({ clients: { a: { nothing: 1 } } as never }), /nothing/)
  })

  it('options of a polluted prototype change nothing', async (t) => {
    const url = await originOf(t, ({ method }, response) => void response.end(method))
    const port = withHttp(t, new World())
    Object.assign(Object.prototype, { method: 'DELETE', body: 'x', stream: true, client: 'evil' })
    try {
      const entity = port.spawn(HttpRequest(url))
      await tickUntilIdle(port)
      assert.equal(port.get(entity, HttpResponse)?.text(), 'GET')
    } finally {
      for (const name of ['method', 'body', 'stream', 'client'])
        Reflect.deleteProperty(Object.prototype, name)
    }
  })
})
