import { TrafficError } from '../message/errors.ts'
import type { Exchange, Outcome } from '../message/exchange.ts'
import type { Policy } from '../message/handler.ts'
import { type Span, type Tracer, traceparent } from '../telemetry/tracer.ts'

/** One span for each exchange, from here to its end. Names are OpenTelemetry's (HTTP semantic conventions 1.23). */
export function traceExchange(tracer: Tracer): Policy {
  return (next) =>
    function traceExchange(exchange) {
      const { request } = exchange
      const span = tracer.start(request.method, 'internal', attributesOf(exchange), exchange.span)
      exchange.span = span
      exchange.onFinish((_exchange, outcome) => finish(span, exchange, outcome))
      return next(exchange)
    }
}

/** One span for each attempt, to the head of its response; what is sent carries it as `traceparent`. Stands inside of `retry`. */
export function traceAttempt(tracer: Tracer): Policy {
  return (next) =>
    async function traceAttempt(exchange) {
      const { request, attempts } = exchange
      const span = tracer.start(request.method, 'client', attributesOf(exchange), exchange.span)
      if (attempts > 1) span.set('http.request.resend_count', attempts - 1)
      const { context } = span
      if (context !== undefined) {
        request.headers.put('traceparent', traceparent(context))
        if (context.state) request.headers.put('tracestate', context.state)
      }
      try {
        const response = await next(exchange)
        span.set('http.response.status_code', response.status)
        if (response.status >= 400) span.fail(String(response.status), '')
        return response
      } catch (thrown) {
        const { code, message } = TrafficError.from(thrown)
        span.fail(code, message)
        throw thrown
      } finally {
        span.end()
      }
    }
}

/** The URL without its query, which may hold secrets. */
function attributesOf({ request }: Exchange): Record<string, string | number> {
  const { method, scheme, authority, path } = request
  return {
    'http.request.method': method,
    'url.full': `${scheme}://${authority.text}${path}`,
    'server.address': authority.host,
    'server.port': authority.port ?? (scheme === 'https' ? 443 : 80),
  }
}

function finish(span: Span, exchange: Exchange, { status, error }: Outcome): void {
  if (status !== undefined) span.set('http.response.status_code', status)
  if (exchange.attempts > 1) span.set('http.request.resend_count', exchange.attempts - 1)
  if (error !== undefined) span.fail(error.code, error.message)
  else if (status !== undefined && status >= 400) span.fail(String(status), '')
  span.end()
}
