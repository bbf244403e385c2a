import { createRequire } from 'node:module'
import type { Span, TraceContext, Tracer } from '@headgate/core'

/** The parts of `@opentelemetry/api` that are used: it is an optional peer, so its types may not be there. */
export interface OpenTelemetryApi {
  readonly context: { active(): OtelContext }
  readonly trace: {
    getTracer(name: string, version?: string): OtelTracer
    setSpan(context: OtelContext, span: OtelSpan): OtelContext
    isSpanContextValid(context: OtelSpanContext): boolean
  }
}

type OtelContext = unknown

interface OtelTracer {
  startSpan(
    name: string,
    options: { kind: number; attributes: Readonly<Record<string, string | number>> },
    context: OtelContext,
  ): OtelSpan
}

interface OtelSpan {
  spanContext(): OtelSpanContext
  setAttribute(name: string, value: string | number): unknown
  setStatus(status: { code: number; message?: string }): unknown
  end(): void
}

interface OtelSpanContext {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  readonly traceState?: { serialize(): string } | undefined
}

/** Of SpanKind and SpanStatusCode, whose values are fixed by the specification's protobuf. */
const INTERNAL = 0
const CLIENT = 2
const ERROR = 2

/** The API if the program has it: without an SDK behind it, it costs little and does nothing. */
export function installedOpenTelemetry(): OpenTelemetryApi | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as OpenTelemetryApi
  } catch {
    return undefined
  }
}

/** Makes the engine's spans out of OpenTelemetry's. */
export function openTelemetryTracer(api: OpenTelemetryApi): Tracer {
  // Asked for each time: an SDK may be registered after the client was made.
  const tracer = (): OtelTracer => api.trace.getTracer('@headgate/client')
  return {
    start(name, kind, attributes, parent) {
      const active = api.context.active()
      const context = parent instanceof BridgedSpan ? api.trace.setSpan(active, parent.span) : active
      const options = { kind: kind === 'client' ? CLIENT : INTERNAL, attributes }
      return new BridgedSpan(tracer().startSpan(name, options, context), api)
    },
  }
}

class BridgedSpan implements Span {
  readonly span: OtelSpan
  readonly context: TraceContext | undefined

  constructor(span: OtelSpan, api: OpenTelemetryApi) {
    const context = span.spanContext()
    this.span = span
    this.context = api.trace.isSpanContextValid(context) ? traceContext(context) : undefined
  }

  set(name: string, value: string | number): void {
    this.span.setAttribute(name, value)
  }

  fail(type: string, message: string): void {
    this.span.setAttribute('error.type', type)
    this.span.setStatus({ code: ERROR, ...(message === '' ? {} : { message }) })
  }

  end(): void {
    this.span.end()
  }
}

function traceContext({ traceId, spanId, traceFlags, traceState }: OtelSpanContext): TraceContext {
  return { traceId, spanId, sampled: (traceFlags & 1) === 1, state: traceState?.serialize() }
}
