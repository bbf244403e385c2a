import type { EventEmitter } from 'node:events'
import type { TestContext } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import type { GatewayConfigInput, RouteInput } from '../../src/config/input/input.ts'
import { startGateway, type LogLine, type StartedGateway } from '../survival/start-gateway.ts'

// Messages are bytes: what is in them is none of the gateway's business, so the tests need no definitions of protobuf.

const asIs = (message: Buffer): Buffer => message

function method(
  path: string,
  requestStream: boolean,
  responseStream: boolean,
): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  }
}

/** One method of each kind, and what else is called through gateways. */
const METHODS = {
  get: method('/shop.Orders/Get', false, false),
  put: method('/shop.Orders/Put', true, false),
  list: method('/shop.Orders/List', false, true),
  chat: method('/shop.Orders/Chat', true, true),
  check: method('/grpc.health.v1.Health/Check', false, false),
  reflect: method('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', true, true),
} as const

export interface Handlers {
  readonly get?: grpc.handleUnaryCall<Buffer, Buffer>
  readonly put?: grpc.handleClientStreamingCall<Buffer, Buffer>
  readonly list?: grpc.handleServerStreamingCall<Buffer, Buffer>
  readonly chat?: grpc.handleBidiStreamingCall<Buffer, Buffer>
  readonly check?: grpc.handleUnaryCall<Buffer, Buffer>
  readonly reflect?: grpc.handleBidiStreamingCall<Buffer, Buffer>
}

/** A server of grpc-js, until the test is over; its URL for `endpoints`. */
export async function startShop(t: TestContext, handlers: Handlers): Promise<string> {
  const server = new grpc.Server({ 'grpc.max_concurrent_streams': 1_000 })
  server.addService(METHODS, handlers as grpc.UntypedServiceImplementation)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  t.after(() => server.forceShutdown())
  return `h2c://127.0.0.1:${port}`
}

/** A client of grpc-js, with a connection of its own: else all clients in the process share one. */
export class ShopClient {
  readonly client: grpc.Client

  constructor(address: string) {
    this.client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  /** Resolves with the message, or with the error. */
  get(
    message: string | Buffer,
    options: grpc.CallOptions = {},
    metadata = new grpc.Metadata(),
  ): Promise<{
    readonly text: string
    readonly metadata: grpc.Metadata
    readonly status: grpc.StatusObject | undefined
  }> {
    return new Promise((resolve, reject) => {
      let head = new grpc.Metadata()
      let text = ''
      const call = this.client.makeUnaryRequest<Buffer, Buffer>(
        METHODS.get.path,
        asIs,
        asIs,
        Buffer.from(message),
        metadata,
        options,
        (error, answer) => {
          if (error !== null) reject(error)
          else text = answer?.toString() ?? ''
        },
      )
      call.on('metadata', (received) => (head = received))
      call.on('status', (status) => resolve({ text, metadata: head, status }))
    })
  }

  put(messages: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = this.client.makeClientStreamRequest<Buffer, Buffer>(
        METHODS.put.path,
        asIs,
        asIs,
        (error, answer) => (error === null ? resolve(answer?.toString() ?? '') : reject(error)),
      )
      for (const message of messages) call.write(Buffer.from(message))
      call.end()
    })
  }

  list(message: string, options: grpc.CallOptions = {}): grpc.ClientReadableStream<Buffer> {
    return this.client.makeServerStreamRequest<Buffer, Buffer>(
      METHODS.list.path,
      asIs,
      asIs,
      Buffer.from(message),
      options,
    )
  }

  chat(path: string = METHODS.chat.path): grpc.ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest<Buffer, Buffer>(path, asIs, asIs)
  }
}

export const REFLECT: string = METHODS.reflect.path

/** A line of the access log, of a call. */
export interface CallLine extends LogLine {
  readonly grpc_status?: string
  readonly version: string
  readonly path: string
}

export interface Site {
  readonly gateway: StartedGateway
  readonly shop: ShopClient
  /** A further client, with a connection of its own. */
  readonly newShop: () => ShopClient
  /** The line of the exchange that ends as the `count`th. */
  readonly logged: (count: number) => Promise<CallLine>
}

/** A gateway before a server of grpc-js, and a client of it. */
export async function startSite(
  t: TestContext,
  handlers: Handlers | readonly Handlers[],
  route: Omit<RouteInput, 'upstream'> = {},
  config: Omit<GatewayConfigInput, 'routes'> = {},
): Promise<Site> {
  const servers = Array.isArray(handlers) ? (handlers as readonly Handlers[]) : [handlers as Handlers]
  const endpoints = await Promise.all(servers.map(async (each) => ({ url: await startShop(t, each) })))
  const { upstreams, ...rest } = config
  const gateway = await startGateway(t, {
    ...rest,
    upstreams: {
      shop: { ...upstreams?.['shop'], endpoints: [...endpoints, ...(upstreams?.['shop']?.endpoints ?? [])] },
    },
    routes: [{ match: { grpc: {} }, ...route, upstream: 'shop' }],
  })
  const newShop = (): ShopClient => {
    const shop = new ShopClient(`127.0.0.1:${gateway.port}`)
    t.after(() => shop.client.close())
    return shop
  }
  const logged = async (count: number): Promise<CallLine> => (await gateway.logged(count)) as CallLine
  return { gateway, shop: newShop(), newShop, logged }
}

/** The messages of a stream, and how it ended. */
export async function readAll(
  call: grpc.ClientReadableStream<Buffer> | grpc.ClientDuplexStream<Buffer, Buffer>,
): Promise<{ readonly messages: string[]; readonly status: grpc.StatusObject }> {
  const messages: string[] = []
  call.on('data', (message: Buffer) => messages.push(message.toString()))
  return { messages, status: await ended(call) }
}

/** The status of a call. Errors are told by it, too. */
export function ended(call: EventEmitter): Promise<grpc.StatusObject> {
  call.on('error', () => {})
  return new Promise((resolve) => call.on('status', resolve))
}
