import { createClient as connectClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-web'
import { EmptySchema, file_google_protobuf_empty } from '@bufbuild/protobuf/wkt'
import Anthropic from '@anthropic-ai/sdk'
import { Octokit } from '@octokit/core'
import { PostgrestClient } from '@supabase/postgrest-js'
import { createTRPCClient, httpLink } from '@trpc/client'
import axios from 'axios'
import { EventSource } from 'eventsource'
import { GraphQLClient } from 'graphql-request'
import { createRemoteJWKSet, customFetch } from 'jose'
import ky from 'ky'
import { createFetch } from 'ofetch'
import OpenAI from 'openai'
import createOpenApi from 'openapi-fetch'
import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { S3Client, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { FetchHttpHandler } from '@smithy/fetch-http-handler'

void file_google_protobuf_empty
export type Fetch = typeof globalThis.fetch

/** One call of an SDK. */
export interface Sdk {
  readonly name: string
  /** What its service answers with. */
  readonly content?: string
  readonly type?: string
  readonly call: (fetch: Fetch, url: string, signal: AbortSignal) => Promise<unknown>
}

const CHAT = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] }
const TOKENS =
  'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"choices":[{"delta":{"content":"b"}}]}\n\ndata: [DONE]\n\n'

export const SDKS: readonly Sdk[] = [
  {
    name: 'openai',
    call: (fetch, url, signal) =>
      new OpenAI({ apiKey: 'k', baseURL: url, fetch, maxRetries: 1 }).chat.completions.create(CHAT, {
        signal,
      }),
  },
  {
    name: 'openai, streamed',
    content: TOKENS,
    type: 'text/event-stream',
    call: async (fetch, url, signal) => {
      const stream = await new OpenAI({
        apiKey: 'k',
        baseURL: url,
        fetch,
        maxRetries: 1,
      }).chat.completions.create({ ...CHAT, stream: true }, { signal })
      const parts: unknown[] = []
      for await (const part of stream) parts.push(part.choices)
      return parts
    },
  },
  {
    name: 'openai, upload',
    call: (fetch, url, signal) =>
      new OpenAI({ apiKey: 'k', baseURL: url, fetch, maxRetries: 0 }).files.create(
        { file: new File(['content'], 'a.txt'), purpose: 'assistants' },
        { signal },
      ),
  },
  {
    name: '@anthropic-ai/sdk',
    call: (fetch, url, signal) =>
      new Anthropic({ apiKey: 'k', baseURL: url, fetch, maxRetries: 1 }).messages.create(
        { ...CHAT, max_tokens: 5 },
        { signal },
      ),
  },
  {
    name: '@octokit/core',
    call: async (fetch, url, signal) =>
      (
        await new Octokit({ baseUrl: url, request: { fetch, signal } }).request(
          'POST /repos/{owner}/{repo}/issues',
          { owner: 'a', repo: 'b', title: 'ü' },
        )
      ).data,
  },
  {
    name: 'axios',
    call: async (fetch, url, signal) =>
      (
        await axios.post(
          `${url}/x`,
          { a: 1 },
          { adapter: 'fetch', signal, env: { fetch, Request, Response } as never },
        )
      ).data,
  },
  {
    name: 'ky',
    call: (fetch, url, signal) =>
      ky
        .post(`${url}/x`, {
          json: { a: 1 },
          fetch,
          signal,
          retry: { limit: 1, methods: ['post'], delay: () => 1 },
        })
        .json(),
  },
  {
    name: 'ofetch',
    call: (fetch, url, signal) =>
      createFetch({ fetch, Headers, AbortController }).create({})(`${url}/x`, {
        method: 'PUT',
        body: { a: 1 },
        signal,
        retry: 1,
        retryDelay: 1,
      }),
  },
  {
    name: 'openapi-fetch',
    call: async (fetch, url, signal) => {
      const { data, error, response } = (await createOpenApi<Record<string, never>>({
        baseUrl: url,
        fetch: (request) => fetch(request),
      }).request('post' as never, '/x' as never, { body: { a: 1 }, signal } as never)) as {
        data?: unknown
        error?: unknown
        response: Response
      }
      return { data, error, status: response.status, url: new URL(response.url).pathname }
    },
  },
  {
    name: '@supabase/postgrest-js',
    content: '[{"id":1}]',
    call: async (fetch, url, signal) =>
      (await new PostgrestClient(url, { fetch }).from('users').select('*').eq('id', 1).abortSignal(signal))
        .data,
  },
  {
    name: 'jose',
    content: '{"keys":[]}',
    call: (fetch, url) =>
      createRemoteJWKSet(new URL(`${url}/jwks`), { [customFetch]: fetch, timeoutDuration: 2_000 })(
        { alg: 'RS256' },
        { payload: '', signature: '' },
      ).catch((error: Error) => error.name),
  },
  {
    name: 'graphql-request',
    content: '{"data":{"a":1}}',
    call: (fetch, url, signal) =>
      new GraphQLClient(`${url}/graphql`, { fetch }).request({ document: '{ a }', signal }),
  },
  {
    name: '@trpc/client',
    content: '{"result":{"data":{"a":1}}}',
    call: (fetch, url, signal) =>
      (
        createTRPCClient<never>({ links: [httpLink({ url, fetch } as never)] }) as unknown as Record<
          string,
          { mutate(input: unknown, options: object): Promise<unknown> }
        >
      )['save']?.mutate({ a: 1 }, { signal }) ?? Promise.reject(new Error('no procedure')),
  },
  {
    name: '@connectrpc/connect-web',
    content: '{}',
    call: (fetch, url, signal) => {
      const method = {
        kind: 'rpc',
        methodKind: 'unary',
        name: 'Ping',
        localName: 'ping',
        input: EmptySchema,
        output: EmptySchema,
        idempotency: 0,
        parent: undefined as unknown,
        toString: () => 'Ping',
      }
      const service = {
        kind: 'service',
        typeName: 'test.Echo',
        name: 'Echo',
        methods: [method],
        method: { ping: method },
      }
      method.parent = service
      const client = connectClient(
        service as never,
        createConnectTransport({ baseUrl: url, fetch }),
      ) as unknown as { ping(input: object, options: object): Promise<unknown> }
      return client.ping({}, { signal })
    },
  },
  {
    name: '@modelcontextprotocol/sdk',
    content:
      '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}',
    call: async (fetch, url, signal) => {
      const client = new McpClient({ name: 'c', version: '1' })
      await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { fetch }) as never, {
        signal,
        timeout: 3_000,
      })
      const server = client.getServerVersion()
      await client.close()
      return server
    },
  },
  {
    name: '@aws-sdk/client-s3, upload',
    content: '',
    type: 'application/xml',
    call: async (fetch, url, signal) =>
      withGlobalFetch(fetch, () =>
        s3(url)
          .send(new PutObjectCommand({ Bucket: 'b', Key: 'a b/ü', Body: 'content' }), { abortSignal: signal })
          .then(({ ETag }) => ETag ?? 'stored'),
      ),
  },
  {
    name: '@aws-sdk/client-s3, download',
    content: 'content',
    type: 'text/plain',
    call: async (fetch, url, signal) =>
      withGlobalFetch(fetch, async () =>
        (
          await s3(url).send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }), { abortSignal: signal })
        ).Body?.transformToString(),
      ),
  },
  {
    name: 'eventsource',
    content: 'id: 1\ndata: one\n\nid: 2\nevent: message\ndata: two\n\n',
    type: 'text/event-stream',
    call: (fetch, url, signal) =>
      new Promise((resolve, reject) => {
        const got: unknown[] = []
        const source = new EventSource(`${url}/events`, {
          fetch: (target, init) => fetch(target, init as RequestInit),
        })
        signal.addEventListener('abort', () => {
          source.close()
          reject(signal.reason)
        })
        source.addEventListener('message', ({ data, lastEventId }) => {
          got.push([data, lastEventId])
          if (got.length === 2) {
            source.close()
            resolve(got)
          }
        })
        source.addEventListener('error', (event) => {
          source.close()
          reject(Object.assign(new Error('event source'), { code: event.code }))
        })
      }),
  },
]

function s3(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: 'r',
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    requestHandler: new FetchHttpHandler({ requestTimeout: 3_000 }),
    maxAttempts: 2,
    systemClockOffset: 0,
  })
}

/** The handler of AWS takes the fetch of the platform, and no other. */
async function withGlobalFetch<Result>(fetch: Fetch, call: () => Promise<Result>): Promise<Result> {
  const platform = globalThis.fetch
  globalThis.fetch = fetch
  try {
    return await call()
  } finally {
    globalThis.fetch = platform
  }
}
