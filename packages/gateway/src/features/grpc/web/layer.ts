import { type Exchange, type HeaderList, isGrpc, type Policy, WholeBody } from '@headgate/core'
import { fieldOf } from '../../../settings/problems/fields.ts'
import type { ExchangeRow } from '../../layer.ts'
import type { GrpcRoute } from '../conditions.ts'
import { isWebPreflight } from '../preflight.ts'
import { decodedGroups, DecodedText } from './base64.ts'
import { callPages } from './cors.ts'
import type { GrpcWebConfig } from './setting.ts'
import { webResponse } from './web-response.ts'

/** It stands outside of all that refuses calls: a page must be able to read a refusal, too. */
export const grpcWebLayer: ExchangeRow<{ readonly route: GrpcRoute }> = {
  name: 'grpc.web',
  once: 'exchange',
  about: 'turns calls of gRPC-Web into those of gRPC, and lets pages of other origins make them',
  judged: false,
  build: ({ route: { grpc } }) => grpc?.web && grpcWeb(grpc.web),
  tells: ({ route }) => fieldOf(route['grpc'], 'web'),
}

function grpcWeb(config: GrpcWebConfig): Policy {
  const pages = callPages(config)
  return (next) =>
    async function grpcWeb(exchange) {
      const { request } = exchange
      const { headers } = request
      if (isWebPreflight(request)) return pages?.preflight(request) ?? next(exchange)
      const type = headers.get('content-type')
      const web = type === undefined ? undefined : WEB.exec(type)
      if (web === undefined || web === null) return next(exchange)
      const [, text, suffix = ''] = web
      const asksForText = takesText(headers, text !== undefined)
      // Policies of the route may change it.
      const asked = headers.clone()
      headers.put('content-type', `application/grpc${suffix}`)
      if (text !== undefined) decode(exchange)
      const response = webResponse(await next(exchange), asksForText)
      pages?.share(asked, response.headers)
      return response
    }
}

const WEB = /^application\/grpc-web(-text)?(\+[\w.-]+)?[ \t]*(?:;|$)/i

/** A client says by Accept which form it reads; where it does not, that in which it writes. */
function takesText(headers: HeaderList, isText: boolean): boolean {
  const accept = headers.get('accept')
  const named = accept
    ?.split(',')
    .map((member) => member.trim())
    .find(isGrpc)
  return named === undefined ? isText : /^application\/grpc-web-text/i.test(named)
}

function decode(exchange: Exchange): void {
  const { request } = exchange
  const { whole } = request.body
  const bytes = whole === undefined ? undefined : decodedGroups(whole.latin1)
  request.headers.delete('content-length')
  request.body =
    bytes === undefined
      ? new DecodedText(request.body, (error) => exchange.cancel(error))
      : WholeBody.fromBytes(bytes)
}
