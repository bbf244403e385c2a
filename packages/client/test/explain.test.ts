import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, type Policy } from '../src/index.ts'

test('explain names the policies of a call in the order in which it meets them', () => {
  const stamp: Policy = (next) => (exchange) => next(exchange)
  const client = createClient({
    baseUrl: 'https://api.example/v1',
    tracing: false,
    hedge: { delay: 50 },
    rateLimit: { rate: 10 },
    timeout: { attempt: 5_000 },
    policies: [stamp],
  })
  const { policies, url, origin } = client.explain('/users/1')
  assert.equal(url, 'https://api.example/v1/users/1')
  assert.equal(origin, 'https://api.example')
  const names = policies.map(({ name }) => name)
  const order = ['timeout', 'stamp', 'redirect', 'retry', 'hedge', 'breaker', 'rate-limit', 'attempt-timeout']
  assert.deepEqual(
    names.filter((name) => order.includes(name)),
    order,
  )
})

test('explain shows what a call says of policies, and leaves out what it switches off', () => {
  const client = createClient({ baseUrl: 'https://api.example', tracing: false })
  const { policies, retry } = client.explain('/', {
    method: 'POST',
    breaker: false,
    retry: false,
    redirect: false,
  })
  const names = policies.map(({ name }) => name)
  assert.ok(!names.includes('breaker'))
  assert.ok(!names.includes('redirect'))
  assert.equal(retry.attempts, 1)
})

test('explain tells when a method is tried again', () => {
  const client = createClient({ baseUrl: 'https://api.example' })
  assert.match(client.explain('/').retry.when, /GET is idempotent/)
  assert.match(client.explain('/', { method: 'POST' }).retry.when, /POST is not idempotent.*Idempotency-Key/)
})

test('explain tells what the guard says of the host', () => {
  const client = createClient({ guard: true })
  assert.match(client.explain('http://169.254.169.254/').guard, /^refuses it: /)
  assert.match(client.explain('https://example.org/').guard, /^allows it/)
  assert.match(createClient().explain('http://127.0.0.1/').guard, /^off/)
})

test('explain reads as text', () => {
  const text = String(createClient({ baseUrl: 'https://api.example' }).explain('/a?b=1'))
  assert.match(text, /^GET https:\/\/api\.example\/a\?…\n {2}1\. /)
  assert.match(text, /circuit: closed/)
})
