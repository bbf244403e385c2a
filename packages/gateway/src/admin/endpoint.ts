/** One thing that the admin listener answers. */
export interface AdminEndpoint {
  readonly path: string
  /** A sentence for the list of what there is. */
  readonly about: string
  /** Called for each request; its own thread waits, so it must not take long. */
  answer(): AdminAnswer
}

export interface AdminAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
  /** Further fields, as Allow. */
  readonly headers?: Readonly<Record<string, string>>
}

export function json(value: unknown): AdminAnswer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` }
}

/** Problem details (RFC 9457), as the gateway itself answers errors. */
export function problem(
  status: number,
  title: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): AdminAnswer {
  const body = `${JSON.stringify({ title, status, detail }, null, 2)}\n`
  return { status, type: 'application/problem+json', body, headers }
}
