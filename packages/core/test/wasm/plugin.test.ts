import assert from 'node:assert/strict'
import { test } from 'node:test'
import createPlugin from '@extism/extism'
import { ModuleRefused } from '../../src/wasm/module-bytes.ts'
import { WasmPlugin } from '../../src/wasm/plugin.ts'
import { assembled, ECHO, host, moduleOf } from './modules.ts'

const nothing = new Uint8Array(0)
const word = (value: number) => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)
/** Answers with the word that the expression computes. */
const answer = (expression: string, declared = '') =>
  moduleOf(`${declared} (func (export "run") (result i32) (local $to i64)
    (local.set $to (call $alloc (i64.const 8)))
    (call $store_u64 (local.get $to) ${expression})
    (call $output_set (local.get $to) (i64.const 8)) (i32.const 0))`)

test('a module answers as it does in the Extism SDK', async () => {
  const bytes = moduleOf(ECHO)
  const input = new Uint8Array(200).map((_, index) => index)
  const theirs = await createPlugin({ wasm: [{ data: bytes }] })
  const expected = await theirs.call('echo', input)
  assert.deepEqual(
    new WasmPlugin(bytes, host()).call('echo', input).output,
    new Uint8Array(expected?.bytes() ?? []),
  )
  await theirs.close()
})

test('a call finds nothing that the one before it left in memory, globals, tables, blocks or variables', () => {
  const hidden = {
    'a global': answer(
      '(global.get $kept) (global.set $kept (i64.const 7))',
      '(global $kept (mut i64) (i64.const 0))',
    ),
    'its memory': answer('(i64.load (i32.const 64)) (i64.store (i32.const 64) (i64.const 7))', '(memory 1)'),
    'imported memory': assembledImport(),
    'memory that grew': answer(
      '(i64.extend_i32_u (memory.size)) (drop (memory.grow (i32.const 1)))',
      '(memory 0)',
    ),
    'a table': answer(
      '(i64.extend_i32_u (ref.is_null (table.get 0 (i32.const 0)))) (table.set 0 (i32.const 0) (ref.null func))',
      '(table 1 funcref) (elem (i32.const 0) func $alloc)',
    ),
    'dropped data': answer(
      '(i64.load (i32.const 0)) (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop 0)',
      '(memory 1) (data "x")',
    ),
    'a global of 128 bits': answer(
      '(i64x2.extract_lane 0 (global.get $kept)) (global.set $kept (v128.const i64x2 7 7))',
      '(global $kept (mut v128) (v128.const i64x2 0 0))',
    ),
    'a block': answer(
      '(call $load_u64 (call $alloc (i64.const 8))) (call $store_u64 (i64.add (local.get $to) (i64.const 8)) (i64.const 7))',
    ),
  }
  for (const [where, bytes] of Object.entries(hidden)) {
    const plugin = new WasmPlugin(bytes, host())
    assert.deepEqual(plugin.call('run', nothing), { output: word(0) }, where)
    assert.deepEqual(plugin.call('run', nothing), { output: word(0) }, where)
  }
})

function assembledImport() {
  return assembled(`(module (import "env" "memory" (memory 1))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (func (export "run") (local $to i64)
      (local.set $to (call $alloc (i64.const 8)))
      (call $store_u64 (local.get $to) (i64.load (i32.const 0)))
      (i64.store (i32.const 0) (i64.const 7))
      (call $output_set (local.get $to) (i64.const 8))))`)
}

const COUNTER =
  moduleOf(`(func (export "run") (result i32) (local $name i64) (local $value i64) (local $new i64)
  (local.set $name (call $alloc (i64.const 1)))
  (call $store_u8 (local.get $name) (i32.const 110))
  (local.set $value (call $var_get (local.get $name)))
  (local.set $new (call $alloc (i64.const 8)))
  (if (i64.ne (local.get $value) (i64.const 0))
    (then (call $store_u64 (local.get $new) (i64.add (i64.const 1) (call $load_u64 (local.get $value))))))
  (local.set $name (call $alloc (i64.const 1)))
  (call $store_u8 (local.get $name) (i32.const 110))
  (call $var_set (local.get $name) (local.get $new))
  (call $output_set (local.get $new) (i64.const 8)) (i32.const 0))`)

test('variables last beyond a call only where that is declared', () => {
  const kept = new WasmPlugin(COUNTER, host({ keepVariables: true }))
  const counts = () => Array.from({ length: 3 }, () => kept.call('run', nothing).output?.[0])
  assert.deepEqual(counts(), [0, 1, 2])
  const forgotten = new WasmPlugin(COUNTER, host())
  assert.deepEqual(
    [forgotten.call('run', nothing).output, forgotten.call('run', nothing).output],
    [word(0), word(0)],
  )
})

test("memory grows to its limit and no further, whether it is the module's own or imported", () => {
  const grown = '(func (export "run") (result i32) (memory.grow (i32.const 15)))'
  const refused = '(func (export "run") (result i32) (i32.add (i32.const 1) (memory.grow (i32.const 16))))'
  for (const memory of [
    '(memory 1)',
    '(memory 1 60000)',
    '(import "env" "memory" (memory 1))',
    '(import "env" "memory" (memory 1 60000))',
  ]) {
    assert.equal(
      new WasmPlugin(assembled(`(module ${memory} ${grown})`), host()).call('run', nothing).fault,
      'the plugin returned 1',
      memory,
    )
    assert.deepEqual(
      new WasmPlugin(assembled(`(module ${memory} ${refused})`), host()).call('run', nothing).output,
      nothing,
      memory,
    )
  }
})

test('modules that could not be kept within their limits are refused when they are loaded', () => {
  const refused = {
    'not a module': new Uint8Array(20),
    'more memory than allowed': assembled('(module (memory 17))'),
    'shared memory': Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, 3, 1, 1),
    'a large table': assembled('(module (table 70000 funcref))'),
    'a structure of garbage collection': Uint8Array.of(
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      1,
      5,
      1,
      0x5f,
      1,
      0x7f,
      1,
    ),
    'an unknown function': assembled('(module (import "env" "open" (func)))'),
    'a file of WASI': assembled('(module (import "wasi_snapshot_preview1" "path_open" (func)))'),
    'an imported global': assembled('(module (import "env" "g" (global i32)))'),
  }
  for (const [what, bytes] of Object.entries(refused))
    assert.throws(() => new WasmPlugin(bytes, host()), ModuleRefused, what)
})

test('a call that breaks is an error as a value, and the next one runs', () => {
  const breaks = {
    trap: 'unreachable',
    'no block': '(drop (call $load_u8 (i64.const 1000000)))',
    'a negative offset': '(drop (call $load_u8 (i64.const -1)))',
    'a huge block': '(drop (call $alloc (i64.const 0x7fffffffffff)))',
    'a huge output': '(call $output_set (call $alloc (i64.const 70000)) (i64.const 70000))',
    recursion: '(call $break)',
    http: '(drop (call $http_request (i64.const 0) (i64.const 0)))',
  }
  for (const [what, code] of Object.entries(breaks)) {
    const plugin = new WasmPlugin(moduleOf(`${ECHO} (func $break (export "break") ${code})`), host())
    const result = plugin.call('break', nothing)
    assert.equal(result.fault !== undefined && !result.said, true, what)
    assert.deepEqual(plugin.call('echo', word(5)).output, word(5), what)
  }
})

test('a module that traps in its start costs each call its own, and what is not exported is told', () => {
  const plugin = new WasmPlugin(
    assembled('(module (func $begin unreachable) (start $begin) (func (export "run")))'),
    host(),
  )
  assert.equal(plugin.call('run', nothing).fault, 'unreachable')
  assert.equal(
    new WasmPlugin(moduleOf(ECHO), host()).call('other', nothing).fault,
    'the module exports no function other',
  )
})

test('a plugin that is called by a function that it called is refused', () => {
  const inner: unknown[] = []
  const log = () => inner.push(plugin.call('run', nothing).fault)
  const plugin = new WasmPlugin(
    moduleOf('(func (export "run") (call $log_warn (call $alloc (i64.const 1))))'),
    host({ log }),
  )
  assert.deepEqual(plugin.call('run', nothing), { output: nothing })
  assert.deepEqual(inner, ['the plugin was called while its own call was under way'])
})

test('20,000 calls answer alike, beyond the 16,383 that other hosts end at', () => {
  const plugin = new WasmPlugin(moduleOf(`(memory 1) ${ECHO}`), host())
  for (let call = 0; call < 20_000; call++) assert.equal(plugin.call('echo', word(call)).output?.length, 8)
})
