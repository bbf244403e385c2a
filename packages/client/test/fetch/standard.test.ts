import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { clientOf, contentOf, originOf } from '../origin.ts'

/**
 * Every test here runs twice: on the platform's fetch, which says what is right, and on the client's.
 * `minimal` has no retries, as the platform has none.
 */
const FETCHES: readonly [name: string, make: (t: TestContext) => typeof globalThis.fetch][] = [
  ['the platform', () => globalThis.fetch],
  ['the client', (t) => clientOf(t, { preset: 'minimal' }).fetch],
  ['the client with all its policies', (t) => clientOf(t).fetch],
]

function both(
  behaviour: string,
  body: (t: TestContext, fetch: typeof globalThis.fetch) => Promise<void>,
): void {
  for (const [name, make] of FETCHES) test(`${behaviour} (${name})`, (t) => body(t, make(t)))
}

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly content: string
}

/** An origin that remembers what it was asked. */
async function witness(t: TestContext): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const url = await originOf(t, (request, response) => {
    void contentOf(request).then((content) => {
      const { method, url: target, headers } = request
      seen.push({ method, url: target, headers, content: content.toString('latin1') })
      if (target?.startsWith('/307') === true) response.writeHead(307, { location: '/there' })
      response.end('seen')
    })
  })
  return { url, seen }
}

async function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => assert.fail('it resolved'),
    (thrown: unknown) => thrown,
  )
}

both('members of init that the standard does not know change nothing', async (t, fetch) => {
  const { url, seen } = await witness(t)
  const init = {
    method: 'POST',
    body: 'x',
    retry: 0,
    timeout: 0,
    json: {},
    query: { a: 1 },
    searchParams: 'b',
    throwOnStatus: true,
  }
  await fetch(url, init)
  const [request] = seen
  assert.equal(request?.url, '/')
  assert.equal(request.content, 'x')
})

both('a member that is undefined is absent: the Request keeps its own', async (t, fetch) => {
  const { url, seen } = await witness(t)
  const request = new Request(url, { method: 'PUT', body: 'x', headers: { 'x-a': '1' } })
  const nothing = {
    method: undefined,
    headers: undefined,
    body: undefined,
    signal: undefined,
    redirect: undefined,
  }
  await fetch(request, nothing as unknown as RequestInit)
  assert.equal(seen[0]?.method, 'PUT')
  assert.equal(seen[0].content, 'x')
  assert.equal(seen[0].headers['x-a'], '1')
})

both('what init says counts more than the Request', async (t, fetch) => {
  const { url, seen } = await witness(t)
  const request = new Request(url, { method: 'PUT', body: 'x', headers: { 'x-a': '1' } })
  await fetch(request, { method: 'POST', headers: { 'x-b': '2' }, body: 'y' })
  assert.equal(seen[0]?.method, 'POST')
  assert.equal(seen[0].content, 'y')
  assert.equal(seen[0].headers['x-a'], undefined)
  assert.equal(seen[0].headers['x-b'], '2')
})

both('a Request may stand in for init', async (t, fetch) => {
  const { url, seen } = await witness(t)
  await fetch(`${url}/other`, new Request(url, { method: 'POST', headers: { 'x-a': '1' } }))
  assert.equal(seen[0]?.method, 'POST')
  assert.equal(seen[0].url, '/other')
  assert.equal(seen[0].headers['x-a'], '1')
})

const FORM_TYPE = 'application/x-www-form-urlencoded;charset=UTF-8'
const bodies: readonly [name: string, make: () => unknown, content: string, type?: string][] = [
  ['a string', () => 'ü', Buffer.from('ü').toString('latin1'), 'text/plain;charset=UTF-8'],
  ['a lone surrogate', () => '\ud800', Buffer.from('\ufffd').toString('latin1'), 'text/plain;charset=UTF-8'],
  ['an empty string', () => '', '', 'text/plain;charset=UTF-8'],
  ['URLSearchParams', () => new URLSearchParams({ a: '1 2' }), 'a=1+2', FORM_TYPE],
  ['a Blob', () => new Blob(['blob'], { type: 'image/x' }), 'blob', 'image/x'],
  ['an ArrayBuffer', () => new Uint8Array([49, 50]).buffer, '12'],
  ['typed arrays', () => new Uint16Array([0x3231]), '12'],
  ['a DataView', () => new DataView(new Uint8Array([48, 49, 50]).buffer, 1), '12'],
  ['a number', () => 7, '7', 'text/plain;charset=UTF-8'],
  ['an object', () => ({}), '[object Object]', 'text/plain;charset=UTF-8'],
]
for (const [name, make, content, type] of bodies) {
  both(`a body that is ${name} is sent with its length, and again on 307`, async (t, fetch) => {
    const { url, seen } = await witness(t)
    await fetch(`${url}/307`, { method: 'POST', body: make() as string })
    assert.deepEqual(
      seen.map((each) => each.url),
      ['/307', '/there'],
    )
    for (const each of seen) {
      assert.equal(each.content, content)
      assert.equal(each.headers['content-type'], type)
      assert.equal(each.headers['content-length'], String(content.length))
      assert.equal(each.headers['transfer-encoding'], undefined)
    }
  })

  both(
    `the body of a Request made from ${name} is sent with its length, and again on 307`,
    async (t, fetch) => {
      const { url, seen } = await witness(t)
      const request = new Request(`${url}/307`, { method: 'POST', body: make() as string })
      await fetch(request)
      assert.equal(request.bodyUsed, content !== '' || request.body !== null)
      assert.equal(seen.length, 2)
      for (const each of seen) {
        assert.equal(each.content, content)
        assert.equal(each.headers['content-type'], type)
        assert.equal(each.headers['content-length'], String(content.length))
      }
      assert.ok((await rejection(fetch(request))) instanceof TypeError, 'it was used')
    },
  )
}

// Node's own fetch loses the Content-Type of a Request's form on a redirect.
test('a form is sent, also of a Request, and again on 307', async (t) => {
  const { url, seen } = await witness(t)
  const { fetch } = clientOf(t)
  const form = new FormData()
  form.append('a', 'ü\n')
  form.append('file', new File(['content'], 'na"me.txt', { type: 'text/x' }))
  await fetch(url, { method: 'POST', body: form })
  await fetch(new Request(`${url}/307`, { method: 'POST', body: form }))
  assert.equal(seen.length, 3)
  for (const { content, headers } of seen) {
    assert.equal(headers['content-length'], String(content.length))
    const type = headers['content-type'] as string
    const read = await new Response(Buffer.from(content, 'latin1'), {
      headers: { 'content-type': type },
    }).formData()
    assert.equal(read.get('a'), 'ü\r\n')
    assert.equal((read.get('file') as File).name, 'na"me.txt')
    assert.equal(await (read.get('file') as File).text(), 'content')
  }
})

both('bytes are copied at the call: what is written to them later is not sent', async (t, fetch) => {
  const { url, seen } = await witness(t)
  const bytes = new Uint8Array([49, 50])
  const call = fetch(url, { method: 'POST', body: bytes })
  bytes.fill(0)
  await call
  assert.equal(seen[0]?.content, '12')
})

both('a stream needs duplex, is sent in chunks, and cannot be sent again', async (t, fetch) => {
  const { url, seen } = await witness(t)
  const stream = (): ReadableStream => ReadableStream.from([Buffer.from('one '), Buffer.from('two')])
  assert.ok((await rejection(fetch(url, { method: 'POST', body: stream() }))) instanceof TypeError)
  await fetch(url, { method: 'POST', body: stream(), duplex: 'half' })
  assert.equal(seen[0]?.content, 'one two')
  assert.equal(seen[0].headers['transfer-encoding'], 'chunked')
  assert.ok(
    (await rejection(fetch(`${url}/307`, { method: 'POST', body: stream(), duplex: 'half' }))) instanceof
      TypeError,
  )
  const used = stream()
  used.getReader()
  assert.ok(
    (await rejection(fetch(url, { method: 'POST', body: used, duplex: 'half' }))) instanceof TypeError,
  )
})

both('a stream of a Request flows as it comes', async (t, fetch) => {
  const { url, seen } = await witness(t)
  let push: (() => void) | undefined
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('one '))
      push = () => {
        controller.enqueue(Buffer.from('two'))
        controller.close()
      }
    },
  })
  const call = fetch(new Request(url, { method: 'POST', body, duplex: 'half' }))
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
  push?.()
  await call
  assert.equal(seen[0]?.content, 'one two')
  assert.equal(seen[0].headers['transfer-encoding'], 'chunked')
})

both('fields that say how a message is framed are the engine’s, and no error', async (t, fetch) => {
  const { url, seen } = await witness(t)
  await fetch(url, { method: 'POST', body: 'four', headers: { 'content-length': '4', 'x-a': ' 1 ' } })
  assert.equal(seen[0]?.content, 'four')
  assert.equal(seen[0].headers['content-length'], '4')
  assert.equal(seen[0].headers['x-a'], '1')
})

both('headers are taken as the standard takes them', async (t, fetch) => {
  const { url, seen } = await witness(t)
  await fetch(url, { headers: { a: ['1', '2'] as unknown as string, b: undefined as unknown as string } })
  assert.equal(seen[0]?.headers['a'], '1,2')
  assert.equal(seen[0].headers['b'], 'undefined')
  for (const headers of [{ 'a b': '1' }, { a: '1\n2' }, { a: 'ž' }, null])
    assert.ok(
      (await rejection(fetch(url, { headers: headers as unknown as Record<string, string> }))) instanceof
        TypeError,
    )
})

both('methods are normalised as the standard has it', async (t, fetch) => {
  const { url, seen } = await witness(t)
  for (const method of ['get', 'Post', 'dElete', 'QUERY']) await fetch(url, { method })
  assert.deepEqual(
    seen.map(({ method }) => method),
    ['GET', 'POST', 'DELETE', 'QUERY'],
  )
  for (const method of ['CONNECT', 'trace', 'TRACK', 'a b', ''])
    assert.ok((await rejection(fetch(url, { method }))) instanceof TypeError, method)
})

both('a query mark without a query is kept, a fragment is not sent', async (t, fetch) => {
  const { url, seen } = await witness(t)
  const response = await fetch(`${url}/a?#fragment`)
  assert.equal(seen[0]?.url, '/a?')
  assert.equal(response.url, `${url}/a?`)
})

both('URLs that cannot be fetched are a TypeError', async (_t, fetch) => {
  for (const url of [
    '/relative',
    'http://',
    'http://user:secret@127.0.0.1:1/',
    'gopher://127.0.0.1/',
    'about:blank',
  ])
    assert.ok((await rejection(fetch(url))) instanceof TypeError, url)
})

both('data: and blob: URLs are read without the network', async (_t, fetch) => {
  const data = await fetch('data:text/x,a%20b')
  assert.equal(await data.text(), 'a b')
  assert.equal(data.headers.get('content-type'), 'text/x')
  const url = URL.createObjectURL(new Blob(['held'], { type: 'text/y' }))
  assert.equal(await (await fetch(url)).text(), 'held')
  URL.revokeObjectURL(url)
  assert.ok((await rejection(fetch(url))) instanceof TypeError)
})

both('a connection that fails is a TypeError with a code of the system beneath', async (t, fetch) => {
  const url = await originOf(t, (request) => request.socket.destroy())
  const lost = (await rejection(fetch(url))) as TypeError
  assert.ok(lost instanceof TypeError)
  assert.equal(lost.message, 'fetch failed')
  assert.ok(lost.cause instanceof Error)
  const refused = (await rejection(fetch('http://127.0.0.1:1/'))) as TypeError
  assert.equal(refused.message, 'fetch failed')
})

both('JSON that is none is a SyntaxError, and a body is read once', async (t, fetch) => {
  const url = await originOf(t, (_request, response) => response.end('{"a":'))
  const response = await fetch(url)
  assert.ok((await rejection(response.json())) instanceof SyntaxError)
  assert.ok((await rejection(response.text())) instanceof TypeError)
  assert.throws(() => response.clone(), TypeError)
})

both('a status beyond 599 is delivered, and is not ok', async (t, fetch) => {
  const url = await originOf(t, (request, response) =>
    response.writeHead(Number(request.url?.slice(1)), 'Denied').end('why'),
  )
  for (const status of [600, 999]) {
    const response = await fetch(`${url}/${status}`)
    assert.deepEqual([response.status, response.ok, response.statusText], [status, false, 'Denied'])
    assert.equal(response.clone().ok, false)
    assert.equal(await response.text(), 'why')
  }
})

test('a status beyond 599 is a StatusError of the methods, and counts among 5xx', async (t) => {
  const url = await originOf(t, (_request, response) => response.writeHead(999).end())
  const client = clientOf(t)
  const { error } = await client.attempt(url)
  assert.deepEqual([error?.code, error?.status, error?.attempts], ['unexpected_status', 999, 1])
  assert.equal(client.metrics()[0]?.responses['5xx'], 1)
})

both('the response is the platform’s, in all that can be asked of it', async (t, fetch) => {
  const url = await originOf(t, (_request, response) => {
    response
      .writeHead(299, 'As Pleases Me', { 'x-secret': 'canary', 'content-type': 'Text/X; a=b' })
      .end('canary')
  })
  const response = await fetch(url)
  assert.ok(response instanceof Response)
  assert.equal(Object.prototype.toString.call(response), '[object Response]')
  assert.equal(response.statusText, 'As Pleases Me')
  assert.equal(response.type, 'basic')
  assert.throws(() => structuredClone(response), { name: 'DataCloneError' })
  assert.equal(JSON.stringify(response), '{}')
  assert.throws(() => response.headers.set('a', '1'), TypeError)
  assert.throws(() => Object.assign(response, { status: 1 }), TypeError)
  assert.throws(() => Object.assign(response, { url: 'x' }), TypeError)
  assert.equal(await Response.prototype.text.call(response.clone()), 'canary')
  assert.equal((await response.clone().blob()).type, 'text/x;a=b')
  assert.equal(Reflect.get(Response.prototype, 'status', response), 299)
  const again = new Response(response.body, response)
  assert.equal(again.status, 299)
  assert.equal(again.headers.get('x-secret'), 'canary')
  assert.equal(await again.text(), 'canary')
  assert.equal(response.bodyUsed, true)
})

both('a form is read by the platform’s own method, too', async (t, fetch) => {
  const url = await originOf(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' }).end('a=1&b=2')
  })
  const form = await Response.prototype.formData.call(await fetch(url))
  assert.deepEqual(
    [...form],
    [
      ['a', '1'],
      ['b', '2'],
    ],
  )
})

both(
  'the body reads into buffers that the reader brings, and its chunks can be transferred',
  async (t, fetch) => {
    const url = await originOf(t, (_request, response) => {
      response.write('one ')
      setImmediate(() => response.end('two'))
    })
    const reader = (await fetch(url)).body?.getReader({ mode: 'byob' })
    let text = ''
    for (;;) {
      const result = await reader?.read(new Uint8Array(2))
      if (result === undefined || result.done) break
      text += Buffer.from(structuredClone(result.value, { transfer: [result.value.buffer] })).toString()
    }
    assert.equal(text, 'one two')
    for await (const chunk of (await fetch(url)).body ?? [])
      structuredClone(chunk, { transfer: [chunk.buffer] })
  },
)

both(
  'a body is null for HEAD and for statuses without one, and else it is there, if empty',
  async (t, fetch) => {
    const url = await originOf(t, (request, response) =>
      response.writeHead(Number(request.url?.slice(1))).end(),
    )
    for (const status of [204, 205, 304]) {
      const response = await fetch(`${url}/${status}`)
      assert.equal(response.body, null, String(status))
      assert.equal(await response.text(), '')
      assert.equal(await response.text(), '', 'what is not there can be read again')
      assert.equal(response.bodyUsed, false)
    }
    assert.equal((await fetch(`${url}/200`, { method: 'HEAD' })).body, null)
    const empty = await fetch(`${url}/200`)
    assert.ok(empty.body instanceof ReadableStream)
    assert.equal(await empty.text(), '')
  },
)

both('content that a compressed body does not decode to fails the body, not the head', async (t, fetch) => {
  const url = await originOf(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '15' }).end('not gzip at all')
  })
  const response = await fetch(url)
  assert.equal(response.status, 200)
  assert.ok((await rejection(response.text())) instanceof TypeError)
})

both('integrity is checked', async (t, fetch) => {
  const url = await originOf(t, (_request, response) => response.end('content'))
  const right = 'sha256-7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M='
  assert.equal(await (await fetch(url, { integrity: right })).text(), 'content')
  assert.equal(await (await fetch(url, { integrity: `unknown-x ${right} sha256-AAAA` })).text(), 'content')
  assert.ok((await rejection(fetch(url, { integrity: 'sha256-AAAA' }))) instanceof TypeError)
})

both('members that only browsers mind are checked', async (t, fetch) => {
  const { url } = await witness(t)
  const good = {
    mode: 'cors',
    credentials: 'include',
    cache: 'default',
    keepalive: true,
    referrerPolicy: 'origin',
  }
  assert.equal((await fetch(url, good as RequestInit)).status, 200)
  for (const [name, value] of Object.entries({
    mode: 'x',
    credentials: 'x',
    cache: 'x',
    redirect: 'x',
    signal: {},
    window: 1,
  }))
    assert.ok((await rejection(fetch(url, { [name]: value }))) instanceof TypeError, name)
})

both('caches on the way are told what the cache mode says', async (t, fetch) => {
  const { url, seen } = await witness(t)
  for (const cache of ['no-store', 'reload', 'no-cache'] as const) await fetch(url, { cache })
  assert.deepEqual(
    seen.map(({ headers }) => [headers['cache-control'], headers['pragma']]),
    [
      ['no-cache', 'no-cache'],
      ['no-cache', 'no-cache'],
      ['max-age=0', undefined],
    ],
  )
})

test('a stream that is sent with a Content-Length has that length, as S3 wants it', async (t) => {
  const { url, seen } = await witness(t)
  const { fetch } = clientOf(t)
  const body = ReadableStream.from([Buffer.from('one '), Buffer.from('two')])
  await fetch(url, { method: 'PUT', body, duplex: 'half', headers: { 'content-length': '7' } })
  assert.equal(seen[0]?.headers['content-length'], '7')
  assert.equal(seen[0].headers['transfer-encoding'], undefined)
  assert.equal(seen[0].content, 'one two')
})

test('a dispatcher is refused with a sentence, never bypassed', async (t) => {
  const { fetch } = clientOf(t)
  await assert.rejects(
    fetch('http://127.0.0.1:1/', { dispatcher: {} } as unknown as RequestInit),
    /proxy, tls and pool/,
  )
})

test('what Headgate alone knows stands under one key', async (t) => {
  let tries = 0
  const url = await originOf(t, (_request, response) => response.writeHead(++tries < 3 ? 503 : 200).end())
  const { fetch } = clientOf(t, { retry: { attempts: 3, backoff: { base: 1, max: 1 } } })
  assert.equal((await fetch(url, { headgate: { retry: false } })).status, 503)
  assert.equal((await fetch(url)).status, 200)
  await assert.rejects(fetch(url, { headgate: { retry: -1 } }), TypeError)
})

test('options in Object.prototype are nobody’s', async (t) => {
  const { url, seen } = await witness(t)
  const { fetch } = clientOf(t)
  Object.assign(Object.prototype, { method: 'DELETE', headgate: { timeout: -1 } })
  try {
    await fetch(url, {})
  } finally {
    Reflect.deleteProperty(Object.prototype, 'method')
    Reflect.deleteProperty(Object.prototype, 'headgate')
  }
  assert.equal(seen[0]?.method, 'GET')
})

test('a response shows neither fields nor content nor query, however it is looked at', async (t) => {
  const url = await originOf(t, (_request, response) =>
    response.setHeader('set-cookie', 'canary=1').end('canary'),
  )
  const { fetch } = clientOf(t)
  const response = await fetch(`${url}/?canary=1`)
  for (const shown of [inspect(response, { depth: 10 }), JSON.stringify(response)])
    assert.doesNotMatch(shown, /canary/)
})

both('what cannot be sent is a TypeError, also where the signal has fired before', async (t, fetch) => {
  const { url } = await witness(t)
  const reason = new RangeError('the caller’s own')
  const signal = AbortSignal.abort(reason)
  const stream = (): ReadableStream => ReadableStream.from([new Uint8Array(1)])
  const call = (init: RequestInit & { duplex?: 'half' }, target = url) =>
    fetch(target, { method: 'POST', signal, ...init })
  await assert.rejects(call({ body: stream(), duplex: 'half', keepalive: true }), TypeError)
  await assert.rejects(call({ body: stream() }), TypeError)
  await assert.rejects(call({}, 'http://'), TypeError)
  await assert.rejects(call({}, 'http://user:password@127.0.0.1/'), TypeError)
  await assert.rejects(call({ body: 'x' }), reason)
})

both(
  'a stream that is not sent, since the signal has fired, is cancelled with the reason',
  async (t, fetch) => {
    const { url } = await witness(t)
    const reason = new RangeError('the caller’s own')
    const cancelled = Promise.withResolvers<unknown>()
    const body = new ReadableStream({ cancel: (why) => cancelled.resolve(why) })
    const init = { method: 'POST', body, duplex: 'half', signal: AbortSignal.abort(reason) } as RequestInit
    await assert.rejects(fetch(url, init), reason)
    assert.equal(await cancelled.promise, reason)
  },
)

both('a listing of the response has what a listing of the platform’s has', async (t, fetch) => {
  const url = await originOf(t, (_request, response) => response.end())
  const listed: string[] = []
  for (const name in await fetch(url)) listed.push(name)
  const platforms: string[] = []
  for (const name in new Response()) platforms.push(name)
  assert.deepEqual(listed.sort(), platforms.sort())
})

both('Response.prototype.clone leaves two responses that can be read', async (t, fetch) => {
  const url = await originOf(t, (_request, response) => {
    response.write('one ')
    setImmediate(() => response.end('two'))
  })
  const response = await fetch(url)
  const clone = Response.prototype.clone.call(response)
  assert.equal(response.bodyUsed, false)
  assert.equal(await clone.text(), 'one two')
  assert.equal(await response.text(), 'one two')
  assert.equal(response.bodyUsed, true)
  await rejection(response.text())
})

both(
  'what a URL parser passes over does not hide a data: URL, and its integrity is checked',
  async (_t, fetch) => {
    for (const url of [' data:,x', '\tdata:,x', 'da\nta:,x', 'DATA:,x', '\0data:,x'])
      assert.equal(await (await fetch(url)).text(), 'x', JSON.stringify(url))
    assert.ok((await rejection(fetch('data:,x', { integrity: 'sha256-AAAA' }))) instanceof TypeError)
  },
)

both('a hash algorithm without a hash is one that nothing matches', async (t, fetch) => {
  const url = await originOf(t, (_request, response) => response.end('content'))
  const right = 'sha256-7XACtDnprIRfIjV9giusFERzD722AW0+yUMil7nsn3M='
  for (const integrity of ['sha256', `sha512- ${right}`])
    assert.ok((await rejection(fetch(url, { integrity }))) instanceof TypeError, integrity)
  assert.equal((await fetch(url, { integrity: `md5-x ${right}?option` })).status, 200)
})

both('a stream that was read from, and a symbol, are no body', async (t, fetch) => {
  const { url, seen } = await witness(t)
  const body = ReadableStream.from([Buffer.from('one '), Buffer.from('two')])
  const reader = body.getReader()
  await reader.read()
  reader.releaseLock()
  assert.ok((await rejection(fetch(url, { method: 'POST', body, duplex: 'half' }))) instanceof TypeError)
  const symbol = Symbol('x') as unknown as string
  assert.ok((await rejection(fetch(url, { method: 'POST', body: symbol }))) instanceof TypeError)
  assert.deepEqual(seen, [])
})

both('fetch goes by its name, and needs one argument', async (_t, fetch) => {
  assert.equal(fetch.name, 'fetch')
  assert.equal(fetch.length, 1)
})

both(
  'the referrer is told as its policy lets each origin see it, and as a redirect says',
  async (t, fetch) => {
    const said: (string | undefined)[] = []
    const other = await originOf(t, (request, response) => {
      said.push(request.headers.referer)
      response.end()
    })
    const url = await originOf(t, (request, response) => {
      said.push(request.headers.referer)
      const policy = request.url === '/keeps' ? 'nonsense' : 'unsafe-url, origin, nonsense'
      if (request.url !== '/') response.writeHead(302, { location: '/', 'referrer-policy': policy })
      if (request.url === '/leaves') response.setHeader('location', other)
      response.end()
    })
    const referrer = `${url}/page?a=1#part`
    await fetch(`${url}/keeps`, { referrer })
    await fetch(`${url}/changes`, { referrer })
    await fetch(other, { referrer })
    await fetch(url, { referrer: '' })
    await fetch(url)
    const whole = `${url}/page?a=1`
    assert.deepEqual(said, [whole, whole, whole, `${url}/`, `${url}/`, undefined, undefined])
  },
)

// Node's own forgets it, and the standard does not (Fetch 5.4, step 12).
test('a Request keeps its referrer where init says nothing', async (t) => {
  const { url, seen } = await witness(t)
  const { fetch } = clientOf(t)
  const request = new Request(url, { referrer: `${url}/page`, referrerPolicy: 'origin' })
  const inits: (RequestInit | undefined)[] = [undefined, {}, { cache: 'default' }]
  for (const init of inits) await fetch(request, init)
  await fetch(request, { headers: { referer: 'as-it-is' }, referrer: `${url}/page` })
  assert.deepEqual(
    seen.map(({ headers }) => headers['referer']),
    [`${url}/`, `${url}/`, undefined, 'as-it-is'],
  )
})
