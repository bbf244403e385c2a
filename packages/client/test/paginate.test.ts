import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { z } from 'zod'
import type { Client } from '../src/index.ts'
import { clientOf, originOf } from './origin.ts'

interface Asked {
  /** Path and query of each request. */
  readonly seen: string[]
  readonly url: string
  readonly client: Client
}

async function listOf(
  t: TestContext,
  answer: (url: URL, response: ServerResponse) => unknown,
): Promise<Asked> {
  const seen: string[] = []
  const url = await originOf(t, (request, response) => {
    seen.push(request.url ?? '')
    const content = answer(new URL(request.url ?? '', `http://${request.headers.host}`), response)
    response.end(JSON.stringify(content))
  })
  return { seen, url, client: clientOf(t, { baseUrl: url }) }
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

test('Link leads from page to page, and the first page’s query is not repeated', async (t) => {
  const { client, seen, url } = await listOf(t, ({ searchParams }, response) => {
    const page = Number(searchParams.get('page') ?? 1)
    if (page === 1) response.setHeader('link', ['</first>; rel=first', '<?page=2&q=x>; rel="next"'])
    if (page === 2) response.setHeader('link', `<${url}/items?page=3>; rel="last next"`)
    return [page]
  })
  assert.deepEqual(await all(client.paginate('/items', { query: { q: 'x', size: 2 } })), [[1], [2], [3]])
  assert.deepEqual(seen, ['/items?q=x&size=2', '/items?page=2&q=x', '/items?page=3'])
})

test('a link from elsewhere, as its anchor says, is not followed', async (t) => {
  const { client, seen } = await listOf(t, (_url, response) => {
    response.setHeader('link', '</x>; rel=next; anchor="/other"')
    return 1
  })
  assert.deepEqual(await all(client.paginate('/')), [1])
  assert.equal(seen.length, 1)
})

test('items come one by one, typed by the schema, and the next page is not asked for before it is needed', async (t) => {
  const { client, seen } = await listOf(t, ({ searchParams }, response) => {
    const page = Number(searchParams.get('page') ?? 1)
    response.setHeader('link', `<?page=${page + 1}>; rel=next`)
    return { items: [page * 10, page * 10 + 1] }
  })
  const schema = z.object({ items: z.array(z.number()) })
  const taken: number[] = []
  for await (const item of client.paginate('/', { schema, items: (page) => page.items })) {
    taken.push(item)
    if (taken.length === 4) break
  }
  assert.deepEqual(taken, [10, 11, 20, 21])
  assert.equal(seen.length, 2)
  const wrong = client.paginate('/', { schema: z.array(z.string()) })
  await assert.rejects(all(wrong), { code: 'invalid_content', message: /schema/ })
})

test('a cursor is found in the content or by a function, and sent with the first page’s query', async (t) => {
  const cursors: Record<string, unknown> = { '': 'a b', 'a b': 7, '7': null }
  const { client, seen } = await listOf(t, ({ searchParams }) => {
    return { meta: { next: cursors[searchParams.get('after') ?? ''] } }
  })
  const query = { q: 1 }
  await all(client.paginate('/', { query, by: { cursor: 'meta.next', parameter: 'after' } }))
  const expected = ['/?q=1', '/?q=1&after=a+b', '/?q=1&after=7']
  assert.deepEqual(seen.splice(0), expected)
  const cursor = (page: { meta: { next: string | null } }): string | null => page.meta.next
  await all(
    client.paginate<{ meta: { next: string | null } }>('/', { query, by: { cursor, parameter: 'after' } }),
  )
  assert.deepEqual(seen.splice(0), expected)
  await all(client.paginate('/', { by: { cursor: 'meta.__proto__.constructor', parameter: 'after' } }))
  assert.equal(seen.length, 1)
})

test('the URL of the next page is found in the content', async (t) => {
  const { client, seen } = await listOf(t, ({ pathname }) => ({
    links: { next: pathname === '/a' ? '/b?x=1' : '' },
  }))
  await all(client.paginate('/a', { by: { next: 'links.next' } }))
  assert.deepEqual(seen, ['/a', '/b?x=1'])
})

test('pages by number and by offset end with the first that has no items', async (t) => {
  const data = [1, 2, 3, 4, 5]
  const { client, seen } = await listOf(t, ({ searchParams }) => {
    const offset = searchParams.get('offset') ?? (Number(searchParams.get('page')) - 1) * 2
    return { data: data.slice(Number(offset), Number(offset) + 2) }
  })
  const items = (page: { data: number[] }): number[] => page.data
  assert.deepEqual(await all(client.paginate('/', { by: { page: 'page' }, items })), data)
  assert.deepEqual(seen.splice(0), ['/?page=1', '/?page=2', '/?page=3', '/?page=4'])
  assert.deepEqual(await all(client.paginate('/', { by: { offset: 'offset' }, items })), data)
  assert.deepEqual(seen.splice(0), ['/?offset=0', '/?offset=2', '/?offset=4', '/?offset=5'])
  const last = (page: { data: number[] }): boolean => page.data.length < 2
  assert.deepEqual(
    await all(client.paginate('/', { by: { page: 'page', start: 2, last }, items })),
    [3, 4, 5],
  )
  assert.deepEqual(seen.splice(0), ['/?page=2', '/?page=3'])
  await assert.rejects(all(client.paginate('/', { by: { page: 'page' } })), {
    code: 'invalid_content',
    message: /give the option items/,
  })
})

test('the next page must be at the same origin, unless another is allowed', async (t) => {
  const evil = await listOf(t, () => ['stolen'])
  let link = ''
  const { client, seen } = await listOf(t, (_url, response) => {
    response.setHeader('link', `<${link}>; rel=next`)
    return []
  })
  for (const target of [
    `${evil.url}/x`,
    evil.url.slice(5),
    '\\\\evil.example\\',
    'https://evil.example',
    'file:///etc/passwd',
    'javascript:x',
  ]) {
    link = target
    await assert.rejects(all(client.paginate('/')), (error: Error & { code?: string }) => {
      // What holds a backslash is no link at all.
      return error.code === 'redirect_refused'
        ? /another origin/.test(error.message)
        : error.code === 'invalid_content'
    })
  }
  assert.equal(seen.length, 6)
  assert.deepEqual(evil.seen, [])
  link = `${evil.url}/x`
  assert.deepEqual(await all(client.paginate('/', { origins: [evil.url] })), [[], ['stolen']])
  await assert.rejects(
    all(client.paginate('/', { origins: ['evil.example'] })),
    /option origins: "evil.example" is not valid/,
  )
  link = evil.url.replace('//', '//user:secret@')
  await assert.rejects(
    all(client.paginate('/', { origins: [evil.url] })),
    (error: Error) => !error.message.includes('secret'),
  )
})

test('pages that go in a circle are noticed', async (t) => {
  const { client, seen } = await listOf(t, ({ pathname }, response) => {
    response.setHeader('link', `<${pathname === '/a' ? '/b' : '/a'}>; rel=next`)
    return { next: 'same' }
  })
  const circle = { code: 'invalid_content', message: /a page that was there before/ }
  await assert.rejects(all(client.paginate('/a')), circle)
  assert.deepEqual(seen.splice(0), ['/a', '/b'])
  await assert.rejects(all(client.paginate('/a', { by: { cursor: 'next', parameter: 'c' } })), circle)
  assert.deepEqual(seen, ['/a', '/a?c=same'])
})

test('more pages than allowed are an error, after those that are', async (t) => {
  const { client, seen } = await listOf(t, ({ searchParams }, response) => {
    const page = Number(searchParams.get('page') ?? 1)
    response.setHeader('link', `<?page=${page + 1}>; rel=next`)
    return page
  })
  const taken: unknown[] = []
  await assert.rejects(
    async () => {
      for await (const page of client.paginate('/', { maxPages: 3 })) taken.push(page)
    },
    { code: 'invalid_content', message: /more than the 3 pages/ },
  )
  assert.deepEqual(taken, [1, 2, 3])
  assert.equal(seen.length, 3)
  await assert.rejects(all(client.paginate('/', { maxPages: 0 })), /option maxPages is 0/)
})

test('what is no answer ends it with the error: a status, a Link that is not valid, a cursor of another kind', async (t) => {
  const { client } = await listOf(t, ({ pathname }, response) => {
    if (pathname === '/status') response.statusCode = 404
    if (pathname === '/link') response.setHeader('link', 'next page')
    return { cursor: {} }
  })
  await assert.rejects(all(client.paginate('/status')), { code: 'unexpected_status', status: 404 })
  await assert.rejects(all(client.paginate('/link')), {
    code: 'invalid_content',
    message: /Link field is not valid/,
  })
  await assert.rejects(all(client.paginate('/', { by: { cursor: 'cursor', parameter: 'c' } })), {
    code: 'invalid_content',
    message: /cursor is object/,
  })
})

test('a signal stops it', async (t) => {
  const { client, seen } = await listOf(t, (_url, response) => {
    response.setHeader('link', `<?page=${seen.length}>; rel=next`)
    return []
  })
  const controller = new AbortController()
  await assert.rejects(
    async () => {
      for await (const _page of client.paginate('/', { signal: controller.signal }))
        if (seen.length === 2) controller.abort()
    },
    { code: 'cancelled' },
  )
  assert.equal(seen.length, 2)
})
