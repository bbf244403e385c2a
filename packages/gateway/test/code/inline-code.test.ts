import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pointerTo, readReference, valueAtPointer, writtenReference } from '../../src/code/code-reference.ts'
import { withoutCode } from '../../src/code/inline-code.ts'

test('functions and apps become references to their places, and everything else stays', () => {
  const handle = () => new Response()
  const app = { fetch: handle, name: 'app' }
  const { input, code } = withoutCode(
    { routes: [{ handle }, { 'a/b~c': app }], workers: 2, none: null },
    './x.ts',
  )
  assert.deepEqual(input, {
    routes: [{ handle: './x.ts#/routes/0/handle' }, { 'a/b~c': './x.ts#/routes/1/a~1b~0c' }],
    workers: 2,
    none: null,
  })
  assert.equal(code.get('./x.ts#/routes/0/handle'), handle)
  assert.equal(code.get('./x.ts#/routes/1/a~1b~0c'), app)
})

test('a configuration without code is left as it is, also one that holds itself', () => {
  const input: Record<string, unknown> = { routes: [] }
  input['again'] = input
  assert.equal(withoutCode(input, './x.ts').input, input)
})

test('a configuration that holds itself beside code comes to an end', () => {
  const input: Record<string, unknown> = { handle: () => new Response() }
  input['again'] = input
  const { input: without } = withoutCode(input, './x.ts')
  assert.deepEqual(Object.keys(without as object), ['handle', 'again'])
})

test('code that stands behind a member is not called, and neither are the traps of a proxy', () => {
  const trap = (): never => {
    throw new Error('a trap')
  }
  const guarded = Object.defineProperty({}, 'a', { enumerable: true, get: trap })
  const proxy = new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap })
  const { input, code } = withoutCode({ guarded, proxy, handle: trap }, './x.ts')
  assert.deepEqual([...code.keys()], ['./x.ts#/handle'])
  assert.equal((input as { guarded: unknown }).guarded, guarded)
  assert.equal((input as { proxy: unknown }).proxy, proxy)
})

test('a place is found again by its pointer', () => {
  const value = { 'a/b': [{ '~': 'here' }] }
  assert.equal(valueAtPointer(value, pointerTo(['a/b', 0, '~'])), 'here')
  assert.equal(valueAtPointer(value, '/a~1b/1'), undefined)
  assert.equal(valueAtPointer({}, '/constructor'), undefined)
})

test('a reference is written as it was read', () => {
  for (const written of ['./a.ts', './a.ts#name', '/a/b.js#/routes/0/handle'])
    assert.equal(writtenReference(readReference(written)), written)
  assert.deepEqual(readReference('./a.ts'), { module: './a.ts', export: 'default', version: '' })
})
