import { createClient } from '@headgate/client'
import { fromMsw } from '@headgate/client/testing'
import { http, HttpResponse } from 'msw'
import { beforeEach, expect, test } from 'vitest'

const handlers = [
  http.get('https://api.example.com/users/1', () => HttpResponse.json({ id: 1, name: 'Ada' })),
]
// The list is looked at anew for each request: a test adds what it needs in front.
const added = [...handlers]
const api = createClient({ baseUrl: 'https://api.example.com', transport: fromMsw(added) })
beforeEach(() => void added.splice(0, added.length, ...handlers))

test('a user is shown by name', async () => {
  expect(await api.get('/users/1').json()).toEqual({ id: 1, name: 'Ada' })
})

test('a user who is gone is no error of ours', async () => {
  added.unshift(http.get('https://api.example.com/users/1', () => new HttpResponse(null, { status: 404 })))
  expect((await api.attempt('/users/1')).error?.status).toBe(404)
})
