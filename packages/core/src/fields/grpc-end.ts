import { type Body, EMPTY_BODY } from '../message/body.ts'
import type { TrafficError } from '../message/errors.ts'
import { HeaderList } from '../message/headers.ts'
import { RelayedBody } from '../message/relayed-body.ts'
import { HttpResponse } from '../message/response.ts'
import { isGrpc, isGrpcWeb } from './grpc.ts'

/** Whether a response is one of gRPC whose status comes behind its messages. gRPC-Web has it in its content, which is not looked into. */
export function statusFollows({ status, headers, body }: HttpResponse): boolean {
  if (body.whole !== undefined || status !== 200) return false
  const type = headers.get('content-type')
  return isGrpc(type) && !isGrpcWeb(type)
}

/**
 * Has `ended` called once when such a response is over.
 * @param ended is given a response that is the status alone (Trailers-Only), so that it is judged as such a one; undefined where none has
 *   come, as the call was given up or has broken
 */
export function onCallEnd(response: HttpResponse, ended: (status: HttpResponse | undefined) => void): void {
  response.body = new EndingBody(response.body, ended)
}

class EndingBody extends RelayedBody {
  private ended: ((status: HttpResponse | undefined) => void) | undefined

  constructor(inner: Body, ended: (status: HttpResponse | undefined) => void) {
    super(inner)
    this.ended = ended
  }

  override end(trailers?: HeaderList): void {
    const told = trailers?.get('grpc-status')
    this.tell(told === undefined ? undefined : statusAlone(told))
    super.end(trailers)
  }

  override fail(error: TrafficError): void {
    this.tell(undefined)
    super.fail(error)
  }

  override cancel(error: TrafficError): void {
    this.tell(undefined)
    super.cancel(error)
  }

  private tell(status: HttpResponse | undefined): void {
    const { ended } = this
    this.ended = undefined
    ended?.(status)
  }
}

function statusAlone(status: string): HttpResponse {
  const headers = HeaderList.of({ 'content-type': 'application/grpc', 'grpc-status': status })
  return new HttpResponse(200, headers, EMPTY_BODY)
}
