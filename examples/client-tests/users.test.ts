import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '@headgate/client'
import { VirtualClock } from '@headgate/client/testing'

const fetch = ({ url }: Request): Response => new Response(null, { status: url.endsWith('/1') ? 404 : 503 })

test('a user who is gone is told from a service that is down', async () => {
  const api = createClient({ baseUrl: 'https://api.example.com', transport: { fetch }, retry: false })
  assert.equal((await api.attempt('/users/1')).error?.status, 404)
  assert.equal((await api.attempt('/users/2')).error?.status, 503)
})

test('thirty seconds of deadline pass at once', async () => {
  const clock = new VirtualClock()
  const api = createClient({ clock, transport: { fetch: () => new Promise(() => {}) } })
  const [{ error }] = await Promise.all([
    api.attempt('https://api.example.com/users/1'),
    clock.advance(30_000),
  ])
  assert.equal(error?.code, 'deadline_exceeded')
})
