import { setTimeout as sleep } from 'node:timers/promises'
import { END_HEADERS, END_STREAM, FRAME, frame, type ReadFrame } from '../http2/frames.ts'
import { type Field, requestBlocks, saysOk } from '../http2/header-block.ts'
import type { Origin } from '../origin/origin.ts'
import { Http2Connection } from './http2-connection.ts'
import type { Measurement, MessagesJob } from './job.ts'
import { Tally } from './tally.ts'
import { measureWindow, warmUp } from './window.ts'

/** A message as gRPC frames it: a byte for compression, four for the length, and what a small message has. */
const message = Buffer.concat([Buffer.from([0, 0, 0, 0, 59]), Buffer.alloc(59, 'message ')])

/** Opens streams in both directions, on which a message is sent whenever the one before has come back. */
export async function messages(job: MessagesJob, origin: Origin): Promise<Measurement> {
  const tally = new Tally()
  const connections = Array.from({ length: job.connections }, () => exchange(job, tally))
  try {
    await warmUp(job.window, (seconds) => sleep(seconds * 1000))
    return await measureWindow({ ...job.window, warmupSeconds: 0 }, tally, origin)
  } finally {
    for (const connection of connections) connection.close()
  }
}

function exchange(job: MessagesJob, tally: Tally): Http2Connection {
  const connection: Http2Connection = new Http2Connection(job.target.port, {
    ready: () => connection.frames.write(firstMessages(job)),
    frame: (read) => echoed(connection, read, tally),
    lost: (why) => tally.fail(why),
  })
  return connection
}

function firstMessages({ target, streams, routes }: MessagesJob): Buffer {
  const fields: Field[] = [
    [':authority', `127.0.0.1:${target.port}`],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ['user-agent', 'headgate-bench'],
  ]
  const parts = Array.from({ length: streams }, (_, index) => {
    const blocks = requestBlocks('POST', `/r${index % routes}/echo`, fields)
    const stream = 1 + 2 * index
    const head = frame(FRAME.headers, END_HEADERS, stream, index === 0 ? blocks.first : blocks.later)
    return Buffer.concat([head, frame(FRAME.data, 0, stream, message)])
  })
  return Buffer.concat(parts)
}

/** A message that has come back goes out once more as it is. A proxy may split messages, so their bytes are counted. */
function echoed(
  connection: Http2Connection,
  { type, flags, bytes, start, payload, end }: ReadFrame,
  tally: Tally,
): void {
  if (type === FRAME.headers && !saysOk(bytes, payload)) tally.fail('a status other than 200')
  if ((type === FRAME.headers || type === FRAME.data) && (flags & END_STREAM) !== 0)
    return tally.fail('a stream has ended')
  if (type !== FRAME.data) return
  tally.bytes += end - payload
  tally.requests = Math.floor(tally.bytes / message.length)
  connection.frames.put(bytes, start, end)
}
