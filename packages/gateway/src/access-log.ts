import { type AccessLog, type Clock, type Exchange, failureCode, type Outcome, redactQuery } from '@headgate/core'

/** Where lines go. */
export interface LineSink {
  /** Takes a line with its line break, in ASCII. Neither waits nor throws. */
  write(line: string): void
}

/** Bounds of a line: what a peer may make long. Together they keep a line below the 4 KiB that a pipe takes whole. */
const PATH_LIMIT = 2048
const FIELD_LIMIT = 256

/** One line of JSON for each exchange, written when it has ended. */
export class JsonAccessLog implements AccessLog {
  private readonly clock: Clock
  private readonly sink: LineSink
  private millisecond = Number.NaN
  private time = ''

  constructor(sink: LineSink, clock: Clock) {
    this.sink = sink
    this.clock = clock
  }

  record(exchange: Exchange, outcome: Outcome, duration: number): void {
    this.sink.write(accessLine(exchange, outcome, duration, this.now()))
  }

  /** Many exchanges end in the same millisecond: the text is made once for them. */
  private now(): string {
    const millisecond = Math.floor(this.clock.wallTime())
    if (millisecond !== this.millisecond) {
      this.millisecond = millisecond
      this.time = new Date(millisecond).toISOString()
    }
    return this.time
  }
}

/**
 * The line, by hand: JSON.stringify of an object with as many members takes several times as long. Members without
 * a value are left out, but for the status, which is null where no response was sent.
 * @param time of the exchange's end, in ISO 8601
 */
export function accessLine(exchange: Exchange, outcome: Outcome, duration: number, time: string): string {
  const { request, peer, clientAddress } = exchange
  const code = failureCode(exchange, outcome)
  const userAgent = request.headers.get('user-agent')
  let line = `{"time":"${time}"`
  if (exchange.id !== '') line += `,"id":${quoted(exchange.id, FIELD_LIMIT)}`
  line += `,"route":${quoted(exchange.route, FIELD_LIMIT)},"method":${quoted(request.method, FIELD_LIMIT)}`
  line += `,"host":${quoted(request.authority.text, FIELD_LIMIT)}`
  line += `,"path":${quoted(request.path + redactQuery(request.query), PATH_LIMIT)}`
  line += `,"status":${outcome.status ?? null},"duration_ms":${Math.round(duration * 1000) / 1000}`
  line += `,"bytes_sent":${outcome.bytesSent},"bytes_received":${outcome.bytesReceived}`
  if (clientAddress !== '') line += `,"client":${quoted(clientAddress, FIELD_LIMIT)}`
  if (peer.address !== clientAddress) line += `,"peer":${quoted(peer.address, FIELD_LIMIT)}`
  if (exchange.endpoint !== '') line += `,"endpoint":${quoted(exchange.endpoint, FIELD_LIMIT)}`
  if (exchange.attempts > 0) line += `,"attempts":${exchange.attempts}`
  if (code !== undefined) line += `,"error":"${code}"`
  if (userAgent !== undefined) line += `,"user_agent":${quoted(userAgent, FIELD_LIMIT)}`
  return `${line},"version":"${request.version}"}\n`
}

/** What a JSON string holds as it is, within ASCII. */
const PLAIN = /^[ !#-[\]-~]*$/

/** A JSON string in ASCII: whatever octets a peer sent, a line stays one line, and can be written without a decoder. */
function quoted(text: string, limit: number): string {
  const shown = text.length > limit ? `${text.slice(0, limit)}...` : text
  if (PLAIN.test(shown)) return `"${shown}"`
  return JSON.stringify(shown).replace(/[\u007f-\uffff]/g, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
