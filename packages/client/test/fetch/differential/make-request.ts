import type { Case, GivenBody } from './case.ts'

/** The arguments of `fetch` for a case, made anew for each side. */
export function argumentsOf(
  { request }: Case,
  base: string,
  signal: AbortSignal | undefined,
): [string | URL | Request, RequestInit] {
  const { as, target, method, fields, body } = request
  const url = base + (target.startsWith('/') ? target.slice(1) : target)
  const init = {
    method,
    ...(fields.length > 0 && { headers: fieldsAs(request.fieldsAs, fields) }),
    ...(body !== undefined && { body: bodyOf(body) }),
    ...(isStream(body) && { duplex: 'half' }),
    ...(signal !== undefined && { signal }),
    ...(request.redirect !== undefined && { redirect: request.redirect }),
    ...request.more,
  } as RequestInit
  if (as === 'string') return [url, init]
  if (as === 'URL') return [new URL(url), init]
  if (as === 'Request') return [new Request(url, init), {}]
  const beneath = {
    method: 'PUT',
    headers: { 'x-beneath': '1', 'content-type': 'x/beneath' },
    body: 'beneath',
    redirect: 'error',
  } as const
  // What it takes from the Request, and what it says itself.
  return [
    new Request(url, method === 'GET' ? { headers: beneath.headers } : beneath),
    { redirect: 'follow', ...init },
  ]
}

function isStream(body: GivenBody | undefined): boolean {
  return body?.kind === 'stream' || body?.kind === 'iterable'
}

function fieldsAs(
  form: Case['request']['fieldsAs'],
  fields: Case['request']['fields'],
): Headers | string[][] | Record<string, string> {
  const pairs = fields.map(([name, value]) => [name, value])
  if (form === 'pairs') return pairs
  return form === 'Headers'
    ? new Headers(pairs as [string, string][])
    : (Object.fromEntries(pairs) as Record<string, string>)
}

function bodyOf({ kind, text }: GivenBody): unknown {
  const bytes = Buffer.from(text)
  switch (kind) {
    case 'string':
      return text
    case 'empty':
      return ''
    case 'bytes':
      return new Uint8Array(bytes)
    case 'buffer':
      return new Uint8Array(bytes).buffer
    case 'view':
      return new DataView(new Uint8Array([0, ...bytes, 0]).buffer, 1, bytes.length)
    case 'blob':
      return new Blob([bytes], { type: text === 'x' ? '' : 'Image/X' })
    case 'params':
      return new URLSearchParams({ a: text, b: '1 2' })
    case 'form': {
      const form = new FormData()
      form.append('a', text)
      form.append('f', new File([bytes], `${text}.txt`, { type: 'text/x' }))
      return form
    }
    case 'number':
      return text.length
    case 'stream':
      return ReadableStream.from(
        [bytes.subarray(0, 1), bytes.subarray(1)].map((each) => new Uint8Array(each)),
      )
    case 'iterable':
      return pieces(bytes)
  }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(bytes)
  await new Promise(setImmediate)
  yield new Uint8Array(bytes)
}
