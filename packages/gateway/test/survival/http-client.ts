import { Agent, type IncomingMessage, request, type RequestOptions } from 'node:http'
import type { ScriptedConnection } from '@headgate/core/testing'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly content: string
  readonly trailers: Readonly<Record<string, string | undefined>>
  /** Whether its framing says that all of it came. */
  readonly complete: boolean
}

export interface AskOptions extends RequestOptions {
  readonly content?: string | Uint8Array
}

/**
 * One request by `node:http`, an implementation that is not ours, and all of its answer: also of one that breaks off,
 * which is not `complete`. Rejects if there is none.
 */
export function ask(url: string, { content, ...options }: AskOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { agent: false, ...options },
      (response) => void readAll(response).then(resolve),
    )
    sent.on('error', reject)
    sent.end(content)
  })
}

/** Everything that comes of a response. */
export async function readAll(response: IncomingMessage): Promise<Answer> {
  let content = ''
  response.setEncoding('latin1').on('data', (text: string) => (content += text))
  response.on('error', () => {}) // 'close' follows
  await new Promise((resolve) => response.on('close', resolve))
  const { statusCode: status = 0, headers, trailers, complete } = response
  return { status, headers, content, trailers, complete }
}

/** A client's pool of connections that are kept alive. */
export function keepAlive(maxSockets: number): Agent {
  return new Agent({ keepAlive: true, maxSockets })
}

/** Takes the next response of a known length off what a raw client received, and leaves what is behind it. */
export async function nextResponse(client: ScriptedConnection): Promise<Answer> {
  const text = await client.receives('\r\n\r\n')
  const end = text.indexOf('\r\n\r\n') + 4
  const [statusLine = '', ...lines] = text.slice(0, end - 4).split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => line.split(': ', 2) as [string, string]))
  const status = Number(statusLine.split(' ')[1])
  const length = Number(headers['content-length'] ?? 0)
  await client.receives(end + length)
  const content = client.text.slice(end, end + length)
  client.text = client.text.slice(end + length)
  return { status, headers, content, trailers: {}, complete: true }
}
