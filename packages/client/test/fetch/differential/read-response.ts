import type { Case } from './case.ts'
import { type Content, type Got, kindOf } from './outcome.ts'

/** Everything that can be asked of a response, its content included. */
export async function readResponse(response: Response, { reading }: Case, reason: unknown): Promise<Got> {
  const { status, statusText, ok, url, redirected, type, headers } = response
  const usedBefore = response.bodyUsed
  // Asking for `body` must change nothing, and not asking neither.
  const hasBody = reading === 'stream' || reading === 'cancel' ? response.body !== null : undefined
  const content = await attempted(() => contentOf(response, reading), reason)
  const again = await attempted(() => response.text(), reason)
  return {
    status,
    statusText,
    ok,
    url,
    redirected,
    type,
    fields: [...headers].map(([name, value]) => [name, value] as const),
    cookies: headers.getSetCookie(),
    ...(hasBody !== undefined && { hasBody }),
    usedBefore,
    usedAfter: response.bodyUsed,
    content,
    again,
  }
}

async function attempted(read: () => Promise<string>, reason: unknown): Promise<Content> {
  try {
    return { read: await read() }
  } catch (thrown) {
    return { threw: kindOf(thrown, reason) }
  }
}

async function contentOf(response: Response, reading: Case['reading']): Promise<string> {
  switch (reading) {
    case 'text':
      return response.text()
    case 'json':
      return JSON.stringify(await response.json())
    case 'arrayBuffer':
      return latin1(await response.arrayBuffer())
    case 'bytes':
      return latin1(Buffer.from(await response.bytes()))
    case 'blob': {
      const blob = await response.blob()
      return `${blob.type} ${latin1(await blob.arrayBuffer())}`
    }
    case 'formData':
      return JSON.stringify([...(await response.formData())])
    case 'clone': {
      const copy = response.clone()
      const [first, second] = await Promise.all([response.text(), copy.text()])
      // What the two have in common is compared as the response's own.
      const same =
        copy.status === response.status &&
        copy.url === response.url &&
        copy.statusText === response.statusText
      return `${first} ${second} ${same} ${[...copy.headers].join()}`
    }
    case 'stream':
      return streamed(response)
    case 'cancel':
      await response.body?.cancel()
      return 'cancelled'
    case 'nothing':
      await response.body?.cancel()
      return ''
  }
}

async function streamed({ body }: Response): Promise<string> {
  if (body === null) return 'null'
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return latin1(Buffer.concat(chunks))
}

function latin1(bytes: ArrayBuffer | Buffer): string {
  return Buffer.from(bytes as ArrayBuffer).toString('latin1')
}
