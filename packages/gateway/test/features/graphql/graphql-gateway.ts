import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { systemClock } from '@headgate/core'
import { JsonAccessLog } from '../../../src/features/access-log/access-log.ts'
import type { GatewayConfigInput, RouteInput } from '../../../src/config/input/input.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { Gateway } from '../../../src/gateway.ts'
import { startOrigin } from '../../origin.ts'

/** What an origin got. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly body: string
  readonly headers: NodeJS.Dict<string | string[]>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Of the upstream that answered; undefined for an answer of the gateway. */
  readonly by: string | undefined
}

export interface GraphqlGateway {
  readonly port: number
  readonly received: readonly Received[]
  readonly lines: readonly Record<string, unknown>[]
  /** Posts a request, or any content. */
  readonly post: (
    content: string | object | Uint8Array,
    headers?: Record<string, string>,
    url?: string,
  ) => Promise<Answer>
  readonly get: (query: string, headers?: Record<string, string>) => Promise<Answer>
  /** Writes bytes as they are, and answers all that comes back until the connection ends. */
  readonly raw: (parts: readonly (string | Buffer)[], isDone?: (text: string) => boolean) => Promise<string>
  /** Writes bytes, and leaves. */
  readonly abandoned: (parts: readonly string[]) => Promise<void>
  /** Lines of the metrics of GraphQL. */
  readonly shown: () => string[]
}

/** A gateway with these routes, each before an upstream that answers with the name of the route. */
export async function startGraphql(
  t: TestContext,
  routes: readonly RouteInput[],
  config: Partial<GatewayConfigInput> = {},
): Promise<GraphqlGateway> {
  const received: Received[] = []
  const lines: Record<string, unknown>[] = []
  const origins = await Promise.all(
    routes.map(({ name = '' }) =>
      startOrigin((request, response) => {
        let body = ''
        request.setEncoding('utf8')
        request.on('data', (chunk: string) => (body += chunk))
        request.on('end', () => {
          const { method = '', url = '', headers } = request
          received.push({ method, url, body, headers })
          response.setHeader('x-by', name)
          response.end(`{"data":"${name}"}`)
        })
      }),
    ),
  )
  const result = parseConfig({
    listeners: [{ address: '127.0.0.1:0' }],
    ...config,
    routes: routes.map((route, index) => ({ upstream: origins[index]?.url, ...route })),
  })
  assert.ok(result.ok, JSON.stringify(result))
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>)
  const gateway = new Gateway(result.config, { accessLog: new JsonAccessLog({ write }, systemClock) })
  const [listener] = await gateway.listen()
  t.after(() => gateway.close(0))
  const port = listener?.port ?? 0
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
    const { status, headers } = response
    return { status, headers, text: await response.text(), by: headers.get('x-by') ?? undefined }
  }
  return {
    port,
    received,
    lines,
    post: (content, headers = {}, url = '/graphql') =>
      ask(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body:
          typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
      }),
    get: (query, headers = {}) => ask(`/graphql${query}`, { headers }),
    async raw(parts, isDone) {
      const socket = connect(port, '127.0.0.1')
      let text = ''
      const ended = Promise.withResolvers<undefined>()
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk
        if (isDone?.(text) === true) socket.destroy()
      })
      socket.on('error', () => {}).on('close', () => ended.resolve(undefined))
      await once(socket, 'connect')
      for (const part of parts) {
        if (socket.destroyed) break
        socket.write(part)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await ended.promise
      return text
    },
    async abandoned(parts) {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      await once(socket, 'connect')
      for (const part of parts) await new Promise((resolve) => socket.write(part, resolve))
      socket.resetAndDestroy()
      await once(socket, 'close')
    },
    shown: () =>
      gateway.metrics
        .render()
        .split('\n')
        .filter((line) => line.startsWith('headgate_graphql')),
  }
}
