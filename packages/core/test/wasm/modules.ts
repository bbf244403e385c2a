import wabt from 'wabt'
import type { WasmHost } from '../../src/wasm/plugin.ts'

const tools = await wabt()

/** A module of text, with the functions of the ABI that most tests ask for. */
export function moduleOf(body: string): Uint8Array<ArrayBuffer> {
  const text = `(module
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
    (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
    (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
    (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (import "extism:host/env" "error_set" (func $error_set (param i64)))
    (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
    (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
    (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
    (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
    (import "extism:host/env" "log_warn" (func $log_warn (param i64)))
    ${body})`
  return assembled(text)
}

export function assembled(text: string): Uint8Array<ArrayBuffer> {
  const module = tools.parseWat('test.wat', text, { bulk_memory: true, reference_types: true, simd: true })
  const { buffer } = module.toBinary({})
  module.destroy()
  return new Uint8Array(buffer)
}

/** Copies its input to its output in words of 8 bytes, as PDKs do; the input's length is a multiple of 8. */
export const ECHO = `
  (func (export "echo") (result i32) (local $at i64) (local $to i64)
    (local.set $to (call $alloc (call $input_length)))
    (loop $next
      (call $store_u64 (i64.add (local.get $to) (local.get $at)) (call $input_load_u64 (local.get $at)))
      (local.set $at (i64.add (local.get $at) (i64.const 8)))
      (br_if $next (i64.lt_u (local.get $at) (call $input_length))))
    (call $output_set (local.get $to) (call $input_length))
    (i32.const 0))`

export function host(changes: Partial<WasmHost> = {}): WasmHost {
  return {
    limits: { memoryBytes: 1_048_576, outputBytes: 65_536 },
    blockBytes: 1_048_576,
    config: new Map(),
    variableBytes: 1024,
    keepVariables: false,
    logLevel: 'info',
    log: () => undefined,
    now: () => 0n,
    fillRandom: (bytes) => bytes.fill(7),
    ...changes,
  }
}
