import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MetricRegistry } from '@headgate/core'
import { parseConfig } from '../../src/config/parse.ts'
import { CHALLENGES } from '../../src/features/tls/challenges.ts'
import { TICKET_KEYS } from '../../src/features/tls/session-tickets.ts'
import { Shared, type SharedKind } from '../../src/shared.ts'
import { draw } from '../../src/workers/blueprint.ts'

const SPLIT: SharedKind<SharedArrayBuffer> = { name: 'split' }
const TABLE: SharedKind<SharedArrayBuffer> = { name: 'rate limit' }
const NAME: SharedKind<string> = { name: 'name' }
const FILE: SharedKind<string> = { name: 'file' }

it('a part is made by the first that asks for it, and found by other threads and the next configuration', () => {
  const first = new Shared()
  const memory = first.get(SPLIT, 'a', () => new SharedArrayBuffer(8))
  assert.equal(
    first.get(SPLIT, 'a', () => assert.fail('there is one')),
    memory,
  )
  const worker = new Shared(first.data)
  assert.equal(worker.find(SPLIT, 'a'), memory)
  assert.notEqual(
    worker.get(TABLE, 'a', () => new SharedArrayBuffer(8)),
    memory,
    'of another kind',
  )
})

it('what a configuration does not ask for is not handed on', () => {
  const first = new Shared()
  for (const each of ['stays', 'goes']) first.set(NAME, each, each)
  const second = new Shared(first.data)
  second.find(NAME, 'stays')
  assert.deepEqual([...new Shared(second.data).data], [])
  assert.deepEqual([...second.data.values()], ['stays'])
})

it('what is made while the gateway serves outlives a reload: answers to authorities, and keys of session tickets', () => {
  const config = (body: string) => {
    const result = parseConfig({ routes: [{ respond: { body } }] })
    assert.ok(result.ok)
    return result.config
  }
  const answers = { http: new Map([['token', 'answer']]), tls: new Map() }
  const keys = [{ name: 'a', bytes: Buffer.from('a') }]
  const before = draw(config('old'), new MetricRegistry())
  const shared = before.shared.with(CHALLENGES, [['', answers]]).with(TICKET_KEYS, [['', keys]])
  const after = draw(config('new'), new MetricRegistry(), { ...before, shared })
  const given = new Shared(after.shared.data)
  assert.equal(given.find(CHALLENGES, ''), answers)
  assert.equal(given.find(TICKET_KEYS, ''), keys)
})

it('what changes while it is in force changes for those who start from then on alone', () => {
  const before = new Shared()
  before.set(FILE, '', 'old')
  before.set(NAME, 'a', 'same')
  const after = before.with(FILE, [['', 'new']])
  assert.equal(before.find(FILE, ''), 'old')
  assert.deepEqual([after.find(FILE, ''), after.find(NAME, 'a')], ['new', 'same'])
})
