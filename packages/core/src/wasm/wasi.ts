import { PluginFault } from './kernel-memory.ts'

const DONE = 0
const BAD_DESCRIPTOR = 8
const STANDARD_OUTPUT = 1
const STANDARD_ERROR = 2
const LARGEST_LINE = 16_384

export interface WasiOptions {
  readonly memory: () => DataView
  /** Nanoseconds since 1970. */
  readonly now: () => bigint
  readonly fillRandom: (bytes: Uint8Array) => void
  readonly print: (text: string) => void
}

/**
 * As much of WASI preview 1 as the languages of plugins need to begin at all: a clock, random bytes, no arguments, an empty environment,
 * text to the log. There are no files and no network: what asks for them is refused when the module is loaded.
 */
export function wasiFunctions({ memory, now, fillRandom, print }: WasiOptions): Record<string, unknown> {
  const writeCounts = (first: number, second: number) => {
    memory().setUint32(first, 0, true)
    memory().setUint32(second, 0, true)
    return DONE
  }
  return {
    args_get: () => DONE,
    args_sizes_get: writeCounts,
    environ_get: () => DONE,
    environ_sizes_get: writeCounts,
    clock_res_get: (_clock: number, at: number) => (memory().setBigUint64(at, 1_000_000n, true), DONE),
    clock_time_get: (_clock: number, _precision: bigint, at: number) => (
      memory().setBigUint64(at, now(), true), DONE
    ),
    random_get: (at: number, length: number) => (fillRandom(bytesAt(memory(), at >>> 0, length >>> 0)), DONE),
    sched_yield: () => DONE,
    proc_exit: (code: number) => {
      throw new PluginFault(`the plugin ended itself with code ${code}`)
    },
    fd_write: (descriptor: number, list: number, count: number, written: number) => {
      if (descriptor !== STANDARD_OUTPUT && descriptor !== STANDARD_ERROR) return BAD_DESCRIPTOR
      const view = memory()
      let text = ''
      let total = 0
      for (let index = 0; index < count; index++) {
        const bytes = bytesAt(
          view,
          view.getUint32(list + index * 8, true),
          view.getUint32(list + index * 8 + 4, true),
        )
        if (text.length < LARGEST_LINE) text += Buffer.from(bytes.subarray(0, LARGEST_LINE)).toString('utf8')
        total += bytes.length
      }
      print(text)
      view.setUint32(written, total, true)
      return DONE
    },
    fd_close: () => BAD_DESCRIPTOR,
    fd_read: () => BAD_DESCRIPTOR,
    fd_seek: () => BAD_DESCRIPTOR,
    fd_fdstat_get: () => BAD_DESCRIPTOR,
    fd_prestat_get: () => BAD_DESCRIPTOR,
    fd_prestat_dir_name: () => BAD_DESCRIPTOR,
  }
}

function bytesAt(view: DataView, at: number, length: number): Uint8Array {
  if (at + length > view.byteLength)
    throw new PluginFault('a function of WASI was given what is not in memory')
  return new Uint8Array(view.buffer, at, length)
}
