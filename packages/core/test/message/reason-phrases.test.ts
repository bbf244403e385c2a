import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import { test } from 'node:test'
import { REASON_PHRASES } from '../../src/message/reason-phrases.ts'

test('statuses have the reason phrases that Node gives them', () => {
  assert.deepEqual({ ...REASON_PHRASES }, { ...STATUS_CODES })
})
