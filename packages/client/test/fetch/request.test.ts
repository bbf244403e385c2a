import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BodyInput } from '../../src/index.ts'
import { clientOf, echo, echoed, originOf } from '../origin.ts'

async function* pieces(): AsyncGenerator<string> {
  yield 'one '
  yield 'two'
}

const FORM = 'application/x-www-form-urlencoded;charset=UTF-8'

/** Each kind of body: what is sent of it, with which media type and length. */
const bodies: readonly [
  name: string,
  body: BodyInput,
  content: string,
  type?: string | undefined,
  length?: string,
][] = [
  ['a string', 'text', 'text', 'text/plain;charset=UTF-8', '4'],
  ['bytes', new Uint8Array([1, 2, 3]).subarray(1), '\x02\x03', undefined, '2'],
  ['an ArrayBuffer', new Uint8Array([1, 2]).buffer, '\x01\x02', undefined, '2'],
  ['URLSearchParams', new URLSearchParams({ a: '1 2' }), 'a=1+2', FORM, '5'],
  ['a Blob', new Blob(['blob'], { type: 'image/x' }), 'blob', 'image/x', '4'],
  ['a stream', ReadableStream.from([Buffer.from('one '), Buffer.from('two')]), 'one two'],
  ['an async iterable', pieces(), 'one two'],
  ['a function', () => pieces(), 'one two'],
]

for (const [name, body, content, type, length] of bodies) {
  test(`a body that is ${name} is sent`, async (t) => {
    const url = await originOf(t, echo)
    // The platform's type of bodies knows neither functions nor iterables.
    const sent = await echoed(clientOf(t).post(url, { body }))
    assert.equal(sent.content, content)
    assert.equal(sent.headers['content-type'], type)
    assert.equal(sent.headers['content-length'], length)
    assert.equal(sent.headers['transfer-encoding'], length === undefined ? 'chunked' : undefined)
  })
}

test('a form is sent as multipart/form-data, with names that cannot break out', async (t) => {
  const url = await originOf(t, echo)
  const form = new FormData()
  form.append('plain', 'a\nb')
  form.append('file"\r\nX: y', new File(['content'], 'na"me\n.txt', { type: 'text/x' }))
  const sent = await echoed(clientOf(t).fetch(url, { method: 'POST', body: form }))
  const type = sent.headers['content-type'] ?? ''
  const read = await new Response(Buffer.from(sent.content, 'latin1'), {
    headers: { 'content-type': type },
  }).formData()
  assert.equal(read.get('plain'), 'a\r\nb')
  assert.equal([...read].length, 2)
  assert.doesNotMatch(sent.content, /^X: y/m)
  assert.match(sent.content, /filename="na%22me%0A\.txt"/)
  assert.equal(sent.headers['content-length'], String(sent.content.length))
})

test('a Request is sent with its method, fields and body', async (t) => {
  const url = await originOf(t, echo)
  const request = new Request(`${url}/a?b=1`, { method: 'PUT', headers: { 'x-a': '1' }, body: 'content' })
  const sent = await echoed(clientOf(t).fetch(request))
  assert.equal(sent.method, 'PUT')
  assert.equal(sent.url, '/a?b=1')
  assert.equal(sent.headers['x-a'], '1')
  assert.equal(sent.content, 'content')
})

test('what stands beside a Request counts more', async (t) => {
  const url = await originOf(t, echo)
  const request = new Request(url, { method: 'PUT', headers: { 'x-a': '1' }, body: 'content' })
  const sent = await echoed(
    clientOf(t).fetch(request, { method: 'POST', headers: { 'x-b': '2' }, body: 'other' }),
  )
  assert.equal(sent.method, 'POST')
  assert.equal(sent.headers['x-a'], undefined)
  assert.equal(sent.headers['x-b'], '2')
  assert.equal(sent.content, 'other')
})

test('a Request’s own signal cancels, with its reason', async (t) => {
  const url = await originOf(t, () => {})
  const abort = new AbortController()
  const call = clientOf(t).fetch(new Request(url, { signal: abort.signal }))
  setImmediate(() => abort.abort())
  await assert.rejects(call, { name: 'AbortError' })
})

test('redirects are followed, delivered or refused, as asked for', async (t) => {
  const url = await originOf(t, (request, response) => {
    if (request.url === '/from') response.writeHead(302, { location: '/to' }).end()
    else response.end(request.method)
  })
  const { fetch } = clientOf(t)
  const followed = await fetch(`${url}/from`, { method: 'POST', body: 'x' })
  assert.equal(await followed.text(), 'GET')
  assert.equal(followed.redirected, true)
  assert.equal(followed.url, `${url}/to`)
  const manual = await fetch(`${url}/from`, { redirect: 'manual' })
  assert.equal(manual.status, 302)
  assert.equal(manual.headers.get('location'), '/to')
  const refused = { name: 'TypeError', message: 'fetch failed', code: 'redirect_refused' }
  await assert.rejects(fetch(`${url}/from`, { redirect: 'error' }), refused)
  await assert.rejects(fetch(new Request(`${url}/from`, { redirect: 'error' })), refused)
})

test('an abort rejects with the signal’s reason itself, before, during and after the head', async (t) => {
  const url = await originOf(t, (request, response) => {
    if (request.url === '/body') response.write('begin')
  })
  const { fetch } = clientOf(t)
  const reason = { any: 'thing' }
  const is = (expected: unknown) => (thrown: unknown) => thrown === expected
  await assert.rejects(fetch(url, { signal: AbortSignal.abort(reason) }), is(reason))
  await assert.rejects(fetch(url, { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' })
  const abort = new AbortController()
  const response = await fetch(`${url}/body`, { signal: abort.signal })
  const text = response.text()
  abort.abort(reason)
  await assert.rejects(text, is(reason))
})

test('GET and HEAD take no body', async (t) => {
  const { fetch } = clientOf(t)
  for (const method of ['GET', 'HEAD', 'get'])
    await assert.rejects(fetch('http://127.0.0.1:1/', { method, body: 'x' }), TypeError)
})
