import { largeSize, smallBody } from '../origin/documents.ts'
import type { Exchange, Target } from './job.ts'

/** The requests of a job, one per route, as they go over the wire, and what each should bring. */
export interface Requests {
  wire: readonly Buffer[]
  /** Length of the body that each response must have. */
  responseBody: number
  /** Body bytes that a completed exchange counts for. */
  bytes: number
}

/** Builds the requests of a job once, so that sending one is a single write of a ready buffer. */
export function requestsFor(
  exchange: Exchange,
  target: Target,
  routes: number,
  connection: 'keep-alive' | 'close' = 'keep-alive',
): Requests {
  const upload = exchange === 'upload'
  const payload = upload ? Buffer.alloc(largeSize, 'headgate ') : Buffer.alloc(0)
  const wire = Array.from({ length: upload ? 1 : routes }, (_, route) => {
    const head = [
      `${upload ? 'POST' : 'GET'} /r${route}/${exchange} HTTP/1.1`,
      `Host: 127.0.0.1:${target.port}`,
      'User-Agent: headgate-bench',
      'Accept: */*',
    ]
    if (upload) head.push('Content-Type: application/octet-stream', `Content-Length: ${largeSize}`)
    if (connection === 'close') head.push('Connection: close')
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), payload])
  })
  const responseBody = exchange === 'large' ? largeSize : smallBody.length
  return { wire, responseBody, bytes: upload ? largeSize : responseBody }
}
