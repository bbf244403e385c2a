import {
  type AccessLog,
  type Clock,
  type Exchange,
  failureCode,
  type Outcome,
  type Peer,
  redactQuery,
  type TrafficError,
} from '@headgate/core'
import { callStatus } from '../grpc/call-status.ts'
import { escaped, type LineSink } from './access-log.ts'

/** What a terminal has room for. */
const PATH_LIMIT = 200
const REASON_LIMIT = 200

/**
 * A short line for each exchange, for a person at a terminal: time, status, method, host and path, how long it took, the
 * route, and what went wrong. Whatever a peer sent is in printable ASCII: no line can move the cursor, change
 * colours, or look like two.
 */
export class ShortAccessLog implements AccessLog {
  private readonly sink: LineSink
  private readonly clock: Clock
  private readonly hasColor: boolean

  constructor(sink: LineSink, clock: Clock, hasColor: boolean) {
    this.sink = sink
    this.clock = clock
    this.hasColor = hasColor
  }

  record(exchange: Exchange, outcome: Outcome, duration: number): void {
    const { request, route, error } = exchange
    const query = request.query === '' ? '' : redactQuery(request.query)
    const grpcStatus = callStatus.of(exchange)
    const code = failureCode(exchange, outcome)
    const reason = (error ?? outcome.error)?.message
    this.write(outcome.status, [
      escaped(request.method).padEnd(4),
      `${escaped(request.authority.text)}${escaped(request.path + query, PATH_LIMIT)}`,
      shortDuration(duration),
      ...(route === '' ? [] : [escaped(route)]),
      ...(grpcStatus === undefined || grpcStatus === 'OK' ? [] : [grpcStatus]),
      ...(code === undefined ? [] : [failure(code, reason)]),
    ])
  }

  refused(error: TrafficError, peer: Peer): void {
    this.write(error.status, [`from ${escaped(peer.address)}`, failure(error.code, error.message)])
  }

  /** @param status undefined where no response was sent */
  private write(status: number | undefined, parts: readonly string[]): void {
    const time = new Date(this.clock.wallTime()).toISOString().slice(11, 19)
    const shown = status === undefined ? '---' : String(status)
    const line = `${time}  ${this.hasColor ? `${colorOf(status)}${shown}${PLAIN}` : shown}  ${parts.join('  ')}\n`
    this.sink.write(line)
  }
}

function failure(code: string, reason: string | undefined): string {
  return reason === undefined ? code : `${code}: ${escaped(reason, REASON_LIMIT)}`
}

/** @param duration in milliseconds */
function shortDuration(duration: number): string {
  return duration < 1000 ? `${Number(duration.toPrecision(2))} ms` : `${(duration / 1000).toFixed(1)} s`
}

const PLAIN = '\u001b[39m'

/** SGR colours (ECMA-48 8.3.117), by the class of the status. */
function colorOf(status: number | undefined): string {
  if (status === undefined || status >= 500) return '\u001b[31m'
  if (status >= 400) return '\u001b[33m'
  return status >= 300 ? '\u001b[36m' : '\u001b[32m'
}
