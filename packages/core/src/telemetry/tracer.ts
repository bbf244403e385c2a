/** What identifies a span to others (W3C Trace Context, section 3). */
export interface TraceContext {
  /** 32 hex digits, lower case, not all zero. */
  readonly traceId: string
  /** 16 hex digits, lower case, not all zero. */
  readonly spanId: string
  readonly sampled: boolean
  /** The value of `tracestate`, as it is passed on. */
  readonly state?: string | undefined
}

/** A stretch of work that is timed and told of. */
export interface Span {
  /** Undefined where nobody records it: then nothing is sent along, either. */
  readonly context: TraceContext | undefined
  set(name: string, value: string | number): void
  /** @param type of the failure, from a closed set */
  fail(type: string, message: string): void
  end(): void
}

/** Makes spans: an adapter to OpenTelemetry, or whatever else keeps them. */
export interface Tracer {
  /**
   * @param kind `client` for what goes out on the wire, `internal` for what happens in here
   * @param parent undefined for the span that the running code is in
   */
  start(
    name: string,
    kind: 'client' | 'internal',
    attributes: Readonly<Record<string, string | number>>,
    parent: Span | undefined,
  ): Span
}

/** The value of `traceparent` (W3C Trace Context, 3.2). */
export function traceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}
