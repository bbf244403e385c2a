import {
  addGrpcStatus,
  type Body,
  type Exchange,
  fact,
  grpcStatus,
  type GrpcStatus,
  HeaderList,
  type HttpResponse,
  isGrpc,
  isGrpcWeb,
  type Outcome,
  parseGrpcStatus,
  RelayedBody,
  statusFromHttp,
  type TrafficError,
} from '@headgate/core'

/** How a call of gRPC ended, where its route is one of gRPC. */
export const callStatus = fact<GrpcStatus>('gRPC status')

/**
 * Has the status of the call known when its response is: that behind its messages, or that of a head with no messages behind it. One of
 * gRPC-Web that is passed on has it in its content, which is not looked into.
 */
export function watchStatus(exchange: Exchange, response: HttpResponse): HttpResponse {
  const { headers, status, body } = response
  const told = parseGrpcStatus(headers.get('grpc-status'))
  const type = headers.get('content-type')
  if (!isGrpc(type)) callStatus.state(exchange, told ?? statusFromHttp(status))
  else if (body.length === 0) callStatus.state(exchange, told ?? 'UNKNOWN')
  else if (isGrpcWeb(type)) return response
  else if (body.whole === undefined) response.body = new StatusBody(body, exchange, told)
  // Without trailers there is none.
  else callStatus.state(exchange, 'UNKNOWN')
  return response
}

/**
 * The status of a call that has finished, which is known from now on: one whose response has not come to its end has one, too. Undefined
 * where it was not seen.
 */
export function concludeStatus(exchange: Exchange, outcome: Outcome): GrpcStatus | undefined {
  const error = exchange.error ?? outcome.error
  const status = callStatus.of(exchange) ?? (error && grpcStatus(error.code))
  if (status !== undefined) callStatus.state(exchange, status)
  return status
}

/**
 * The messages of a response, and the status behind them. Where they break, a status says why, as everywhere in gRPC: a client would
 * else learn no more than that its stream was reset.
 */
class StatusBody extends RelayedBody {
  private readonly exchange: Exchange
  /** What holds where nothing more comes: the status in the head. */
  private told: GrpcStatus | undefined

  constructor(inner: Body, exchange: Exchange, told: GrpcStatus | undefined) {
    super(inner)
    this.exchange = exchange
    this.told = told
  }

  override write(chunk: Uint8Array): boolean {
    this.told = undefined
    return super.write(chunk)
  }

  override end(trailers?: HeaderList): void {
    callStatus.state(this.exchange, parseGrpcStatus(trailers?.get('grpc-status')) ?? this.told ?? 'UNKNOWN')
    super.end(trailers)
  }

  override fail(error: TrafficError): void {
    const { exchange } = this
    callStatus.state(exchange, grpcStatus(error.code))
    // What was announced must come.
    if (this.length !== undefined) return super.fail(error)
    exchange.error ??= error
    const trailers = new HeaderList()
    addGrpcStatus(trailers, error)
    super.end(trailers)
  }
}
