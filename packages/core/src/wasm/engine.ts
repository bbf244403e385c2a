// TypeScript has the types of WebAssembly in its library for browsers alone, and a declaration of the global name would clash with it.

export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

export interface WasmGlobal {
  value: unknown
}

export interface WasmTable {
  readonly length: number
  get(index: number): unknown
  set(index: number, value: unknown): void
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

/** Compiled code: threads can be sent it. */
export type WasmModule = object

export type WasmImports = Record<string, Record<string, unknown>>

interface Engine {
  readonly Module: {
    new (bytes: Uint8Array<ArrayBuffer>): WasmModule
    imports(module: WasmModule): { readonly module: string; readonly name: string; readonly kind: string }[]
  }
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WasmMemory
  readonly Global: new (type: { readonly value: string }) => WasmGlobal
  readonly Table: new (type: { readonly element: string; readonly initial: number }) => WasmTable
}

export const engine: Engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly
