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
  type Outcome,
  parseGrpcStatus,
  RelayedBody,
  statusFromHttp,
  type TrafficError,
} from '@headgate/core'

/** How a call of gRPC ended, where its route is one of gRPC. */
export const callStatus = fact<GrpcStatus>('gRPC status')

/** Has the status of the call known when its response is: that of the head, or that behind its messages. */
export function watchStatus(exchange: Exchange, response: HttpResponse): HttpResponse {
  const { headers, status, body } = response
  const told = parseGrpcStatus(headers.get('grpc-status'))
  if (told !== undefined) callStatus.state(exchange, told)
  else if (!isGrpc(headers.get('content-type'))) callStatus.state(exchange, statusFromHttp(status))
  else if (body.whole === undefined) response.body = new StatusBody(body, exchange)
  // Without trailers there is none.
  else callStatus.state(exchange, 'UNKNOWN')
  return response
}

/** The status of a call that has finished, which is known from now on: one whose response has not come to its end has one, too. */
export function concludeStatus(exchange: Exchange, outcome: Outcome): GrpcStatus {
  const error = exchange.error ?? outcome.error
  const status = callStatus.of(exchange) ?? (error === undefined ? 'UNKNOWN' : grpcStatus(error.code))
  callStatus.state(exchange, status)
  return status
}

/**
 * The messages of a response, and the status behind them. Where they break, a status says why, as everywhere in gRPC: a client would
 * else learn no more than that its stream was reset.
 */
class StatusBody extends RelayedBody {
  private readonly exchange: Exchange

  constructor(inner: Body, exchange: Exchange) {
    super(inner)
    this.exchange = exchange
  }

  override end(trailers?: HeaderList): void {
    callStatus.state(this.exchange, parseGrpcStatus(trailers?.get('grpc-status')) ?? 'UNKNOWN')
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
