import { WholeBody } from '@headgate/core'
import { type RequestContent, streamContent } from '../request-body.ts'
import { type Read, StreamChunks } from '../stream-chunks.ts'
import { nextTurn } from '../turns.ts'

/** How much of a Request's body is read before it is sent: most are strings or bytes, which the platform shows as a stream. */
const READ_AHEAD = 1024 * 1024
/** Turns of the event loop to wait for a chunk: strings and bytes come within one, Blobs and forms within a few. */
const TURNS = 16

/**
 * The body of a Request. One that is there at once gets a length, and can be sent again; one that is still to come is sent as it
 * comes. The platform does not tell which of them it is, so the stream is read ahead.
 * @param length what its Content-Length says, if it has one
 */
export async function heldContent(request: Request, length: number | undefined): Promise<RequestContent> {
  const reader = (request.body as ReadableStream<Uint8Array>).getReader() // whoever calls has looked
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const next = reader.read()
    const result = await soon(next)
    if (result?.done === true)
      return { body: WholeBody.fromBytes(Buffer.concat(chunks)), contentType: undefined }
    if (result === undefined) return streamContent(new StreamChunks(reader, chunks, next), length)
    if (!(result.value instanceof Uint8Array)) throw new TypeError('Received non-Uint8Array chunk')
    chunks.push(result.value)
    size += result.value.byteLength
    if (size > READ_AHEAD) return streamContent(new StreamChunks(reader, chunks), length)
  }
}

/** Of a Request that is not sent: it is used up all the same (WHATWG Fetch 5.6, "abort fetch"). */
export function giveUp({ body }: Request, reason: unknown): void {
  const reader = body?.getReader()
  // Cancelled before its first read, some of the platform's streams throw where nobody can catch it.
  reader?.read().then(
    () => reader.cancel(reason).catch(() => undefined),
    () => undefined,
  )
}

/** The result of a read, or undefined if it takes longer. */
async function soon(read: Promise<Read>): Promise<Read | undefined> {
  for (let turn = 0; turn < TURNS; turn++) {
    const result = await Promise.race([read, nextTurn()])
    if (result !== undefined) return result
  }
  return undefined
}
