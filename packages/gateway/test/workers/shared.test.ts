import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Shared, type SharedKind } from '../../src/shared.ts'

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

it('what changes while it is in force changes for those who start from then on alone', () => {
  const before = new Shared()
  before.set(FILE, '', 'old')
  before.set(NAME, 'a', 'same')
  const after = before.with(FILE, [['', 'new']])
  assert.equal(before.find(FILE, ''), 'old')
  assert.deepEqual([after.find(FILE, ''), after.find(NAME, 'a')], ['new', 'same'])
})
