import { KernelMemory, PluginFault } from './kernel-memory.ts'

/** As `get_log_level` counts them. */
const LOG_LEVELS = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 } as const
export type PluginLogLevel = keyof typeof LOG_LEVELS

export interface KernelOptions {
  /** Bytes that blocks of one call may take together. */
  readonly blockBytes: number
  /** What `config_get` finds. */
  readonly config: ReadonlyMap<string, string>
  /** Bytes of variables, names counted. They are forgotten after each call, unless `keepVariables` is set. */
  readonly variableBytes: number
  readonly keepVariables: boolean
  readonly logLevel: PluginLogLevel
  readonly log: (level: PluginLogLevel, text: string) => void
}

/** What one plugin asks of its host: the functions of `extism:host/env`, and what the call under way has said by them. */
export class Kernel {
  readonly memory: KernelMemory
  readonly #options: KernelOptions
  readonly #variables = new Map<string, Uint8Array>()
  #variableBytes = 0
  #input = 0
  #inputLength = 0
  #output = 0
  #outputLength = 0
  #error = 0

  constructor(options: KernelOptions) {
    this.#options = options
    this.memory = new KernelMemory(options.blockBytes)
  }

  begin(input: Uint8Array): void {
    this.#input = this.memory.store(input)
    this.#inputLength = input.length
  }

  /** A copy: the memory it stood in is the next call's. */
  output(): Uint8Array<ArrayBuffer> {
    return this.memory.copy(this.#output, this.#outputLength)
  }

  error(): string | undefined {
    return this.#error === 0 ? undefined : this.memory.text(this.#error)
  }

  end(): void {
    this.memory.empty()
    this.#input = this.#inputLength = this.#output = this.#outputLength = this.#error = 0
    if (this.#options.keepVariables) return
    this.#variables.clear()
    this.#variableBytes = 0
  }

  /** The functions by the names that modules import them under. Offsets and lengths are 64 bits wide there. */
  functions(): Record<string, (...values: never[]) => bigint | number | void> {
    const { memory } = this
    return {
      alloc: (length: bigint) => BigInt(memory.alloc(number(length))),
      free: (offset: bigint) => memory.free(Number(offset)),
      length: (offset: bigint) => BigInt(memory.length(Number(offset))),
      length_unsafe: (offset: bigint) => BigInt(memory.length(Number(offset))),
      load_u8: (offset: bigint) => memory.loadByte(number(offset)),
      load_u64: (offset: bigint) => memory.loadWord(number(offset)),
      store_u8: (offset: bigint, value: number) => memory.storeByte(number(offset), value),
      store_u64: (offset: bigint, value: bigint) => memory.storeWord(number(offset), value),
      input_length: () => BigInt(this.#inputLength),
      input_offset: () => BigInt(this.#input),
      input_load_u8: (at: bigint) => memory.loadByte(this.#inInput(at, 1)),
      input_load_u64: (at: bigint) => memory.loadWord(this.#inInput(at, 8)),
      output_set: (offset: bigint, length: bigint) => {
        // Read at once, so that what is in no block is refused where it is said.
        if (length > 0n) memory.loadByte(number(offset) + number(length) - 1)
        this.#output = number(offset)
        this.#outputLength = number(length)
      },
      error_set: (offset: bigint) => {
        this.#error = number(offset)
      },
      error_get: () => BigInt(this.#error),
      config_get: (name: bigint) => this.#stored(this.#options.config.get(this.#taken(name))),
      var_get: (name: bigint) => this.#stored(this.#variables.get(this.#taken(name))),
      var_set: (name: bigint, value: bigint) => this.#setVariable(number(name), number(value)),
      // A module cannot wait, and its thread must go on serving others.
      http_request: () => {
        throw new PluginFault(
          'http_request is not available to plugins that run in the thread of their caller',
        )
      },
      http_status_code: () => 0,
      http_headers: () => 0n,
      get_log_level: () => LOG_LEVELS[this.#options.logLevel],
      log_trace: (offset: bigint) => this.#log('trace', offset),
      log_debug: (offset: bigint) => this.#log('debug', offset),
      log_info: (offset: bigint) => this.#log('info', offset),
      log_warn: (offset: bigint) => this.#log('warn', offset),
      log_error: (offset: bigint) => this.#log('error', offset),
    }
  }

  #inInput(at: bigint, length: number): number {
    if (at >= 0n && number(at) + length <= this.#inputLength) return this.#input + Number(at)
    throw new PluginFault(`byte ${at} is not in the input of ${this.#inputLength} bytes`)
  }

  /** The text of a block that the host may free, as it does with names in Extism. */
  #taken(offset: bigint): string {
    const text = this.memory.text(Number(offset))
    this.memory.free(Number(offset))
    return text
  }

  #stored(value: string | Uint8Array | undefined): bigint {
    if (value === undefined) return 0n
    return BigInt(this.memory.store(typeof value === 'string' ? Buffer.from(value) : value))
  }

  #setVariable(name: number, value: number): void {
    const key = this.memory.text(name)
    const old = this.#variables.get(key)
    const without = this.#variableBytes - (old === undefined ? 0 : bytesOf(key) + old.length)
    const bytes = value === 0 ? 0 : bytesOf(key) + this.memory.length(value)
    if (without + bytes > this.#options.variableBytes) {
      throw new PluginFault(`variables are limited to ${this.#options.variableBytes} bytes`)
    }
    this.#variableBytes = without + bytes
    if (value === 0) this.#variables.delete(key)
    else this.#variables.set(key, this.memory.copy(value))
  }

  #log(level: PluginLogLevel, offset: bigint): void {
    if (LOG_LEVELS[level] >= LOG_LEVELS[this.#options.logLevel])
      this.#options.log(level, this.memory.text(Number(offset)))
    this.memory.free(Number(offset))
  }
}

function number(value: bigint): number {
  const asNumber = Number(value)
  if (asNumber >= 0 && asNumber <= Number.MAX_SAFE_INTEGER) return asNumber
  throw new PluginFault(`${value} is no offset and no length`)
}

function bytesOf(name: string): number {
  return Buffer.byteLength(name)
}
