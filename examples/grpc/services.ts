// Two servers of gRPC, for examples/grpc: shop.Orders on 9071 and shop.Carts on 9072, or on the ports that are given. Messages are texts, so that
// the example needs no definitions of protobuf.
import * as grpc from '@grpc/grpc-js'

const [ordersPort = '9071', cartsPort = '9072'] = process.argv.slice(2)

/** Sends messages; undefined where the call fails for now. */
type Answer = (text: string) => readonly string[] | undefined

const write = (text: string): Buffer => Buffer.from(text)
const read = (bytes: Buffer): string => bytes.toString()

function method(path: string): grpc.MethodDefinition<string, string> {
  return {
    path,
    requestStream: false,
    responseStream: true,
    requestSerialize: write,
    requestDeserialize: read,
    responseSerialize: write,
    responseDeserialize: read,
  }
}

async function serve(
  service: string,
  port: string,
  methods: Readonly<Record<string, Answer>>,
): Promise<grpc.Server> {
  const server = new grpc.Server()
  const names = Object.keys(methods)
  server.addService(
    Object.fromEntries(names.map((name) => [name, method(`/${service}/${name}`)])),
    Object.fromEntries(names.map((name) => [name, handlerOf(methods[name] ?? (() => undefined))])),
  )
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    )
  })
  console.log(`${service} listens on 127.0.0.1:${port}`)
  return server
}

function handlerOf(answer: Answer): grpc.handleServerStreamingCall<string, string> {
  return (call) => {
    const messages = answer(call.request)
    if (messages === undefined) call.emit('error', { code: grpc.status.UNAVAILABLE, details: 'not ready' })
    for (const message of messages ?? []) call.write(message)
    if (messages !== undefined) call.end()
  }
}

let asked = 0

const servers = [
  await serve('shop.Orders', ordersPort, {
    Get: (text) => [`order ${text}`],
    List: () => ['order 1', 'order 2', 'order 3'],
    // Every other time it is not ready.
    GetSlowly: (text) => (++asked % 2 === 0 ? [`order ${text}`] : undefined),
  }),
  await serve('shop.Carts', cartsPort, { Get: (text) => [`cart ${text}`] }),
]

process.on('SIGINT', () => {
  for (const server of servers) server.forceShutdown()
})
