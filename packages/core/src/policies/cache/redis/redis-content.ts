import { listReply, type RedisCommands } from '../../redis-commands.ts'

/**
 * Bytes of one piece: Redis does one thing at a time, and what is large would hold up all others. A little less than the 256 KiB that
 * Redis would then have to round up.
 */
const PIECE = 256 * 1024 - 64
/** Pieces that one command takes or brings. */
const AT_A_TIME = 4
/** How long what was written may wait for the rest of it, in milliseconds. */
const UNFINISHED = 60_000

/** The first piece, which is written together with the head. */
export function firstPiece(content: Buffer): Buffer {
  return content.subarray(0, PIECE)
}

/** Writes all pieces but the first. They go by themselves if nothing follows. */
export async function writeRest(commands: RedisCommands, entry: string, content: Buffer): Promise<void> {
  const step = PIECE * AT_A_TIME
  for (let at = PIECE; at < content.byteLength; at += step) {
    const fields: (string | Buffer)[] = []
    for (let begin = at; begin < Math.min(at + step, content.byteLength); begin += PIECE)
      fields.push(`c${begin / PIECE}`, content.subarray(begin, begin + PIECE))
    await commands.send(['HSET', entry, ...fields])
    if (at === PIECE) await commands.send(['PEXPIRE', entry, String(UNFINISHED)])
  }
}

/**
 * Reads what is missing of the content.
 * @param begin its first piece, if that is here already
 * @returns undefined if it is not of that length: something of it is gone, or was changed
 */
export async function readContent(
  commands: RedisCommands,
  entry: string,
  length: number,
  begin: Buffer,
): Promise<Buffer | undefined> {
  const pieces = [begin]
  const count = Math.ceil(length / PIECE)
  for (let at = begin.byteLength > 0 ? 1 : 0; at < count; at += AT_A_TIME) {
    const names = Array.from({ length: Math.min(AT_A_TIME, count - at) }, (_, index) => `c${at + index}`)
    for (const piece of listReply(await commands.send(['HMGET', entry, ...names]))) {
      if (!Buffer.isBuffer(piece)) return undefined
      pieces.push(piece)
    }
  }
  const content = pieces.length === 1 ? begin : Buffer.concat(pieces)
  return content.byteLength === length ? content : undefined
}
