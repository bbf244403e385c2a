import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import { Exchange, HttpRequest, systemClock } from '@headgate/core'
import { assertRefused } from './refused-route.ts'

type Csrf = GatewayConfigInput['routes'][number]['csrf']

/** The status of a POST to https://shop.example with these fields. */
async function post(
  csrf: Csrf,
  headers: Record<string, string>,
  method = 'POST',
  upgrade?: string,
): Promise<number> {
  await using gateway = await createGateway({ routes: [{ respond: {}, csrf }] })
  const request = HttpRequest.to('https://shop.example/cart', { method, headers })
  request.upgrade = upgrade
  return (await gateway.handler(new Exchange(request, systemClock))).status
}

test('what changes something passes from the same origin, from trusted ones, and from what is no browser', async () => {
  for (const headers of [
    {},
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://shop.example' },
    { 'sec-fetch-site': 'same-site', origin: 'https://admin.shop.example' },
    { origin: 'https://admin.shop.example' },
  ] as Record<string, string>[])
    assert.equal(
      await post({ trustedOrigins: ['https://admin.shop.example'] }, headers),
      200,
      JSON.stringify(headers),
    )
})

test('it is refused from pages of any other origin, however they are written', async () => {
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'same-origin, same-origin' },
    { 'sec-fetch-site': '' },
    { 'sec-fetch-site': 'cross-site', origin: 'https://shop.example' },
    { origin: 'null' },
    { origin: '' },
    { origin: 'http://shop.example' },
    { origin: 'https://shop.example:8443' },
    { origin: 'https://shop.example.evil.example' },
    { origin: 'https://evil.example, https://shop.example' },
    { origin: 'https://shop.example/' },
    { origin: 'https://SHOP.example' },
    { origin: 'https://evil.example@shop.example' },
  ] as Record<string, string>[])
    assert.equal(await post(true, headers), 403, JSON.stringify(headers))
})

test('what changes nothing passes from anywhere, but for what begins a WebSocket', async () => {
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  for (const method of ['GET', 'HEAD', 'OPTIONS']) assert.equal(await post(true, headers, method), 200)
  for (const method of ['PUT', 'PATCH', 'DELETE', 'get', 'TRACE', 'PROPFIND'])
    assert.equal(await post(true, headers, method), 403, method)
  assert.equal(await post(true, headers, 'GET', 'websocket'), 403)
})

test('with the cookie of a session, a request must say from where it comes', async () => {
  const csrf = { sessionCookies: ['session'] }
  assert.equal(await post(csrf, { cookie: 'theme=dark; session=1' }), 403)
  assert.equal(await post(csrf, { cookie: 'session=' }), 403)
  assert.equal(await post(csrf, { cookie: 'theme=dark' }), 200)
  assert.equal(await post(csrf, { cookie: 'session=1', 'sec-fetch-site': 'same-origin' }), 200)
})

test('all origins cannot be trusted', () => {
  assertRefused({ csrf: { trustedOrigins: ['*'] } }, /trusts every page/)
})
