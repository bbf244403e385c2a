import { fileSize, hugeSize, largeSize, orderBody, smallBody, storedSize } from '../origin/documents.ts'
import type { Exchange, Target } from './job.ts'

/** The requests of a job, in turn for one route after the other, and what each should bring. */
export interface Requests {
  routes: number
  /** The next request for a route, as it goes over the wire. */
  next: (route: number) => Buffer
  /** Length of the body that each response must have. */
  responseBody: number
  /** Body bytes that a completed exchange counts for. */
  bytes: number
}

/** How the requests of a job differ from those of others. */
export interface RequestOptions {
  connection?: 'keep-alive' | 'close'
  /** Each is for a document that nobody has asked for before. */
  distinct?: boolean | undefined
  /** Further lines of the head. */
  fields?: readonly string[] | undefined
}

/** Builds the requests of a job once, so that sending one is a single write of a ready buffer. */
export function requestsFor(
  exchange: Exchange,
  target: Target,
  routes: number,
  { connection = 'keep-alive', distinct = false, fields = [] }: RequestOptions = {},
): Requests {
  const upload = exchange === 'upload'
  const payload = sentWith(exchange)
  const isSent = payload.length > 0
  const wire = Array.from({ length: upload ? 1 : routes }, (_, route) => {
    const head = [
      `${isSent ? 'POST' : 'GET'} /r${route}/${exchange} HTTP/1.1`,
      `Host: 127.0.0.1:${target.port}`,
      'User-Agent: headgate-bench',
      'Accept: */*',
      ...fields,
    ]
    const type = upload ? 'application/octet-stream' : 'application/json'
    if (isSent) head.push(`Content-Type: ${type}`, `Content-Length: ${payload.length}`)
    if (connection === 'close') head.push('Connection: close')
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), payload])
  })
  const responseBody = bodyOf[exchange]
  const bytes = isSent ? payload.length : responseBody
  if (distinct) return { routes, next: distinctRequests(wire), responseBody, bytes }
  // The first of them stands for those beyond, of which there are none.
  return { routes: wire.length, next: (route) => wire[route] ?? wire[0] ?? payload, responseBody, bytes }
}

/** The body of a request; empty for a GET. */
function sentWith(exchange: Exchange): Buffer {
  if (exchange === 'upload') return Buffer.alloc(largeSize, 'headgate ')
  return exchange === 'order' ? orderBody : Buffer.alloc(0)
}

const bodyOf: Record<Exchange, number> = {
  small: smallBody.length,
  large: largeSize,
  upload: smallBody.length,
  order: smallBody.length,
  stored: storedSize,
  slow: storedSize,
  mib: largeSize,
  file: fileSize,
  'large-file': hugeSize,
}

/** Numbers that no path of this process has had. */
let numbers = 0

/** The same requests, each with a segment of its own before the last one of its path. */
function distinctRequests(wire: readonly Buffer[]): Requests['next'] {
  const parts = wire.map((request) => {
    const text = request.toString('latin1')
    const at = text.indexOf('/', text.indexOf('/') + 1)
    return { before: text.slice(0, at), after: text.slice(at) }
  })
  return (route) => {
    const { before, after } = parts[route] ?? { before: '', after: '' }
    return Buffer.from(`${before}/${numbers++}${after}`, 'latin1')
  }
}
