// Calls a method of gRPC with a text, and prints what comes back:
//   node examples/grpc/call.ts 127.0.0.1:8080 shop.Orders/Get 7
import * as grpc from '@grpc/grpc-js'

const [address = '127.0.0.1:8080', method = 'shop.Orders/Get', text = ''] = process.argv.slice(2)

const client = new grpc.Client(address, grpc.credentials.createInsecure())
const call = client.makeServerStreamRequest(
  `/${method}`,
  (request: string) => Buffer.from(request),
  (bytes: Buffer) => bytes.toString(),
  text,
)
call.on('data', (answer: string) => console.log(answer))
call.on('error', () => {}) // told by the status, too
call.on('status', ({ code, details }) => {
  console.log(
    details === '' || code === grpc.status.OK ? grpc.status[code] : `${grpc.status[code]}: ${details}`,
  )
  client.close()
})
