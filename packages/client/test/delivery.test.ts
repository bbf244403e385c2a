import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpResponse, StreamBody } from '@headgate/core'
import { createClient } from '../src/index.ts'

test('a streamed body of a transport in code breaks when the caller gives the call up', async () => {
  const given: string[] = []
  const body = new StreamBody(undefined, { resumeBody() {}, cancelBody: ({ code }) => given.push(code) })
  const client = createClient({ transport: () => Promise.resolve(new HttpResponse(200, undefined, body)) })
  const caller = new AbortController()
  const response = await client.get('http://api.example/', { signal: caller.signal })
  const text = response.text()
  body.push(Buffer.from('half'))
  caller.abort()
  await assert.rejects(text, { code: 'cancelled' })
  assert.deepEqual(given, ['cancelled'])
  assert.equal(client.metrics()[0]?.active, 0)
})
