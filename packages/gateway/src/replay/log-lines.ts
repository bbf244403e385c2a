import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** A log, as it is read. */
export interface LogInput {
  /** Bytes, to be shown; undefined where it is a stream. */
  readonly size: number | undefined
  /** Bytes read so far. */
  readonly read: () => number
  readonly lines: AsyncIterable<string>
}

/** Longer than any line that a gateway writes. What is longer is passed on cut, and is no JSON then. */
const LONGEST = 64 * 1024
const GZIP = [0x1f, 0x8b]

/**
 * Opens a log: plain or gzip, as its first bytes tell. It is read as it is needed, so that its size does not matter.
 * @param file a path, or `-` for the standard input
 * @throws Error if it cannot be opened; so does reading, where it cannot be read on
 */
export async function openLog(file: string, standardInput: Readable): Promise<LogInput> {
  const size = file === '-' ? undefined : await sizeOf(file)
  const source = file === '-' ? standardInput : createReadStream(file, { highWaterMark: 256 * 1024 })
  let read = 0
  source.on('data', (chunk: Buffer) => (read += chunk.length))
  source.pause()
  return { size, read: () => read, lines: linesOf(source) }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file)
  if (found.isDirectory()) throw new Error('it is a folder')
  return found.size
}

async function* linesOf(source: Readable): AsyncIterable<string> {
  let rest = ''
  for await (const chunk of unpacked(source)) {
    // Lines are ASCII: whatever is not is escaped in JSON.
    const text = rest + chunk.toString('latin1')
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      yield text.slice(start, end)
      start = end + 1
    }
    rest = text.length - start > LONGEST ? text.slice(start, start + LONGEST) : text.slice(start)
  }
  if (rest !== '') yield rest
}

async function* unpacked(source: Readable): AsyncIterable<Buffer> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await chunks.next()
  if (first.done === true) return
  const all = (async function* () {
    yield first.value
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
  })()
  if (!GZIP.every((byte, index) => first.value[index] === byte)) {
    yield* all
    return
  }
  // Errors come out of the iteration.
  yield* pipeline(all, createGunzip(), () => {}) as AsyncIterable<Buffer>
}
