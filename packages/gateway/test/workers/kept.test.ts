import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Kept } from '../../src/kept.ts'

it('a part whose identity is the same goes on, and any other is made anew', () => {
  const first = new Kept()
  const part = first.keep('limiter', ['a', 1], () => ({}))
  assert.equal(
    first.keep('limiter', ['a', 1], () => assert.fail('there is one')),
    part,
  )
  const second = new Kept(first)
  assert.equal(
    second.keep('limiter', ['a', 1], () => assert.fail('there is one')),
    part,
  )
  assert.notEqual(
    second.keep('limiter', ['a', 2], () => ({})),
    part,
  )
  assert.notEqual(
    second.keep('breaker', ['a', 1], () => ({})),
    part,
  )
  assert.equal(second.find('limiter', ['a', 1]), part)
  assert.equal(new Kept(second).find('limiter', ['a', 1]), undefined, 'it was not asked for')
})

it('what is not asked for any more is closed once, when what comes after is in force', () => {
  const closed: string[] = []
  const ask = (kept: Kept, ...names: string[]): Kept => {
    for (const name of names)
      kept.keep(
        'part',
        name,
        () => name,
        (part) => closed.push(part),
      )
    return kept
  }
  const first = ask(new Kept(), 'a', 'b')
  ask(new Kept(first), 'a')
  assert.deepEqual(closed, [], 'one that comes to nothing closes nothing')
  const second = ask(new Kept(first), 'b')
  second.settle()
  second.settle()
  assert.deepEqual(closed, ['a'])
  ask(new Kept(second), 'a').settle()
  assert.deepEqual(closed, ['a', 'b'])
})
