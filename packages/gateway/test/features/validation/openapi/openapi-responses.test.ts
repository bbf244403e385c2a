import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type Answer, ask } from '../../../survival/http-client.ts'
import { startGateway, type StartedGateway } from '../../../survival/start-gateway.ts'
import { startOrigin } from '../../../origin.ts'
import { ORDER_FILE, SHOP, writeDocuments } from './shop.ts'

const GOOD = '[{"id":1,"item":"a","more":1}]'

async function startAnswering(
  t: TestContext,
  responses: 'report' | 'enforce',
): Promise<{
  gateway: StartedGateway
  get: (answer: (response: ServerResponse) => void) => Promise<Answer>
  asked: () => string | undefined
}> {
  const folder = writeDocuments(t, { 'shop.json': SHOP, 'order.yaml': ORDER_FILE })
  let answer: (response: ServerResponse) => void = () => {}
  let asked: string | undefined
  const origin = await startOrigin((request, response) => {
    asked = request.headers['accept-encoding']
    answer(response)
  })
  const openapi = { document: join(folder, 'shop.json'), responses }
  const gateway = await startGateway(t, {
    routes: [{ upstream: origin.url, retry: false, validate: { openapi, limits: { size: '1KiB' } } }],
  })
  return {
    gateway,
    asked: () => asked,
    get(next) {
      answer = next
      return ask(`${gateway.url}/v1/orders`, { headers: { 'x-tenant': '7', 'accept-encoding': 'gzip' } })
    },
  }
}

function json(content: string, headers: Readonly<Record<string, string>> = {}, status = 200) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(content)
  }
}

/** Without a length that is known before. */
function inPieces(content: string) {
  return (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write(content.slice(0, 5))
    response.end(content.slice(5))
  }
}

test('a response that is not as the document says is answered with 502, and only the log tells why', async (t) => {
  const { gateway, get, asked } = await startAnswering(t, 'enforce')
  for (const answer of [
    json(GOOD),
    inPieces(GOOD),
    json('', {}, 204),
    json('{"any":1}', {}, 500),
    json('x', {}, 404),
  ])
    assert.notEqual((await get(answer)).status, 502)
  assert.equal(asked(), 'identity')
  assert.equal((await get(inPieces(GOOD))).content, GOOD)
  const before = gateway.log.length
  const wrong: [(response: ServerResponse) => void, RegExp][] = [
    [
      json('[{"id":"hunter2"}]'),
      /the response: body \/0\/id must be integer \(and 1 more\)|\/0\/item is missing/,
    ],
    [json('[{"item":"a"}]'), /body \/0\/id is missing/],
    [json('{'), /the body is not JSON/],
    [json(GOOD, { 'content-type': 'text/html' }), /header \/content-type is none of application\/json/],
    [json(GOOD, { 'content-encoding': 'gzip' }), /header \/content-encoding is there/],
    [json(`[${' '.repeat(2000)}]`), /larger than the 1024 bytes/],
    [inPieces(`[${' '.repeat(2000)}]`), /larger than the 1024 bytes/],
  ]
  for (const [index, [answer, said]] of wrong.entries()) {
    const { status, content } = await get(answer)
    assert.equal(status, 502, String(said))
    assert.doesNotMatch(content, /hunter2|pointer|item/)
    assert.match(JSON.stringify(await gateway.logged(before + index + 1)), said)
  }
})

test('responses that are only reported go on, whatever they are', async (t) => {
  const { gateway, get } = await startAnswering(t, 'report')
  const wrong = [
    json('[{"id":1}]'),
    json('{'),
    json(`[${' '.repeat(2000)}]`),
    inPieces(`[${' '.repeat(2000)}]`),
    inPieces('[1]'),
  ]
  for (const answer of wrong) assert.equal((await get(answer)).status, 200)
  await gateway.logged(wrong.length)
  assert.match(JSON.stringify(gateway.log[0]), /"invalid":"the response: body \/0\/item is missing"/)
})
