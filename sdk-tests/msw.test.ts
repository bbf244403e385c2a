import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '@headgate/client'
import { fromMsw } from '@headgate/client/testing'
import { delay, http, HttpResponse, passthrough } from 'msw'
import { graphql } from 'msw/graphql'

const handlers = [
  http.get('https://api.example.com/users/:id', ({ params }) => HttpResponse.json({ id: params['id'] })),
  http.post<never, { name: string }>('https://api.example.com/users', async ({ request }) =>
    HttpResponse.json({ id: 2, ...(await request.json()) }, { status: 201 }),
  ),
  http.get('https://api.example.com/broken', () => HttpResponse.error()),
  http.get('https://api.example.com/real', () => passthrough()),
  http.get('https://api.example.com/slow', async () => {
    await delay(1_000)
    return HttpResponse.json({})
  }),
  http.get('https://api.example.com/flaky', function* () {
    yield new HttpResponse(null, { status: 503 })
    return HttpResponse.text('at last')
  }),
  graphql
    .link('https://api.example.com/graphql')
    .query('User', ({ variables }) => HttpResponse.json({ data: { user: variables } })),
]
const transport = fromMsw(handlers)
const api = createClient({
  baseUrl: 'https://api.example.com',
  transport,
  retry: { backoff: { base: 1, max: 1 } },
})

test('handlers of msw answer the client: parameters, JSON, GraphQL and generators', async () => {
  assert.deepEqual(await api.get('/users/1').json(), { id: '1' })
  const created = await api.post('/users', { json: { name: 'Grace' } })
  assert.deepEqual([created.status, await created.json()], [201, { id: 2, name: 'Grace' }])
  assert.equal(await api.get('/flaky').text(), 'at last')
  const query = 'query User($id: ID) { user(id: $id) { id } }'
  const answer = await api.post('/graphql', { json: { query, variables: { id: '7' } } }).json()
  assert.deepEqual(answer, { data: { user: { id: '7' } } })
})

test('errors, passthrough, what nobody answers and what takes too long are failures of the client’s own kind', async () => {
  assert.equal((await api.attempt('/broken')).error?.code, 'connect_failed')
  assert.match((await api.attempt('/real')).error?.message ?? '', /no handler of msw answers GET .*\/real/)
  assert.match(
    (await api.attempt('/elsewhere')).error?.message ?? '',
    /no handler of msw answers GET .*\/elsewhere/,
  )
  assert.equal((await api.attempt('/slow', { timeout: 100 })).error?.code, 'deadline_exceeded')
  const unhandled = { fetch: () => HttpResponse.text('real') }
  const real = createClient({
    baseUrl: 'https://api.example.com',
    transport: fromMsw(handlers, { unhandled }),
  })
  assert.equal(await real.get('/real').text(), 'real')
})
