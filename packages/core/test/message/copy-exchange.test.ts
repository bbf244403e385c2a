import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Exchange } from '../../src/message/exchange.ts'
import { copyExchange } from '../../src/message/fork.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

test('a copy of an exchange is for the same client, who came as before', () => {
  const parent = new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())
  assert.equal(parent.clientScheme, 'http')
  parent.clientAddress = '203.0.113.7'
  parent.clientScheme = 'https'
  const { clientAddress, clientScheme } = copyExchange(parent, parent.request.clone())
  assert.deepEqual([clientAddress, clientScheme], ['203.0.113.7', 'https'])
})
