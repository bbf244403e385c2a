import { engine, type WasmImports, type WasmInstance, type WasmMemory, type WasmModule } from './engine.ts'
import { type BoundModule, boundModule } from './bound-module.ts'
import { InstanceState } from './instance-state.ts'
import { Kernel, type KernelOptions } from './kernel.ts'
import { PluginFault } from './kernel-memory.ts'
import { ModuleRefused } from './module-bytes.ts'
import { wasiFunctions, type WasiOptions } from './wasi.ts'

const PAGE = 65_536

export interface WasmLimits {
  /** Bytes that the module's memory may grow to, in whole pages of 64 KiB. */
  readonly memoryBytes: number
  readonly outputBytes: number
}

export interface WasmHost extends KernelOptions, Omit<WasiOptions, 'memory' | 'print'> {
  readonly limits: WasmLimits
}

export type WasmResult =
  | { readonly output: Uint8Array<ArrayBuffer>; readonly fault?: undefined }
  /** `said`: the plugin reported an error itself. Any other: it broke, or did more than it may. */
  | { readonly output?: undefined; readonly fault: string; readonly said: boolean }

interface Running {
  readonly instance: WasmInstance
  readonly state: InstanceState | undefined
}

/**
 * A module with Extism's ABI, run in the thread of its caller. A call finds nothing of the calls before it, but for variables where
 * `keepVariables` is set. There is no deadline: nothing but the end of its thread stops a module that runs for ever.
 */
export class WasmPlugin {
  readonly #module: WasmModule
  readonly #importedMemory: BoundModule['importedMemory']
  readonly #host: WasmHost
  readonly #kernel: Kernel
  /** Segments that are dropped stay so, and cannot be seen: such modules get a new instance for each call. */
  readonly #canRestore: boolean
  #running: Running | undefined
  #busy = false

  /** Throws `ModuleRefused` where the bytes are no module that may run here. */
  constructor(bytes: Uint8Array, host: WasmHost) {
    const bound = boundModule(bytes, Math.floor(host.limits.memoryBytes / PAGE))
    this.#module = compiled(bound.bytes)
    this.#importedMemory = bound.importedMemory
    this.#canRestore = !bound.hasSegmentsToDrop
    this.#host = host
    this.#kernel = new Kernel(host)
    this.#refuseUnknownImports()
  }

  call(name: string, input: Uint8Array): WasmResult {
    if (this.#busy) return { fault: 'the plugin was called while its own call was under way', said: false }
    this.#busy = true
    try {
      const running = (this.#running ??= this.#start())
      const exported = running.instance.exports[name]
      if (typeof exported !== 'function')
        return { fault: `the module exports no function ${name}`, said: false }
      this.#kernel.begin(input)
      return this.#result(Number(exported() ?? 0))
    } catch (error) {
      // A stack that overflowed is a RangeError; the instance is not used again, whatever state it was left in.
      this.#running = undefined
      return { fault: error instanceof Error ? error.message : String(error), said: false }
    } finally {
      this.#kernel.end()
      if (!this.#running?.state?.complete || !this.#running.state.restore()) this.#running = undefined
      this.#busy = false
    }
  }

  #result(status: number): WasmResult {
    const said = this.#kernel.error()
    if (said !== undefined) return { fault: said, said: true }
    if (status !== 0) return { fault: `the plugin returned ${status}`, said: true }
    const output = this.#kernel.output()
    if (output.length <= this.#host.limits.outputBytes) return { output }
    return {
      fault: `an output of ${output.length} bytes is beyond ${this.#host.limits.outputBytes}`,
      said: false,
    }
  }

  #start(): Running {
    const given = this.#importedMemory
    const memory = given && new engine.Memory({ initial: given.initial, maximum: given.maximum })
    let own: WasmMemory | undefined = memory
    const view = () => {
      if (own === undefined) throw new PluginFault('a function of WASI was called by a module without memory')
      return new DataView(own.buffer)
    }
    const imports: WasmImports = this.#functions(view)
    if (given && memory) imports[given.module] = { ...imports[given.module], [given.name]: memory }
    const instance = new engine.Instance(this.#module, imports)
    own ??= Object.values(instance.exports).find((value) => value instanceof engine.Memory)
    const begin = instance.exports['_initialize'] ?? instance.exports['hs_init']
    if (typeof begin === 'function') begin()
    return { instance, state: this.#canRestore ? new InstanceState(instance) : undefined }
  }

  #functions(memory: () => DataView): Record<string, Record<string, unknown>> {
    const print = (text: string) => this.#host.log('info', text)
    return {
      'extism:host/env': this.#kernel.functions(),
      wasi_snapshot_preview1: wasiFunctions({ ...this.#host, memory, print }),
    }
  }

  #refuseUnknownImports(): void {
    const known = this.#functions(() => new DataView(new ArrayBuffer(0)))
    for (const { module, name, kind } of engine.Module.imports(this.#module)) {
      if (kind === 'memory' || Object.hasOwn(known[module] ?? {}, name)) continue
      throw new ModuleRefused(`the module imports ${module} ${name}, which plugins are not given`)
    }
  }
}

function compiled(bytes: Uint8Array<ArrayBuffer>): WasmModule {
  try {
    return new engine.Module(bytes)
  } catch (error) {
    throw new ModuleRefused(error instanceof Error ? error.message : String(error))
  }
}
