import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'

/** A name server, and three services that it may tell of. Ports: 5353 and 9021 and on, or those that are given. */
const [names = '5353', ...ports] = process.argv.slice(2)

const services = ['one', 'two', 'three'].map((name, index) => ({
  name,
  port: Number(ports[index] ?? 9021 + index),
  weight: index === 0 ? 3 : 1,
}))

/** Of those it tells; GET /tell/one,three at any service tells it which. With none of them it fails. */
let told = ['one', 'two']

const servers = services.map(({ name, port }) =>
  createServer((request, response) => {
    const [, list] = /^\/tell\/([\w,]+)$/.exec(request.url ?? '') ?? []
    if (list !== undefined)
      told = list.split(',').filter((each) => services.some((service) => service.name === each))
    response.end(`${list === undefined ? name : `tells ${list}`}\n`)
  }).listen(port, '127.0.0.1'),
)

const SRV = 33
const SERVFAIL = 2

/** As RFC 1035 section 4 and RFC 2782 have it: the head, the question again, and a record for each service. */
function answer(query: Buffer): Buffer {
  const end = query.indexOf(0, 12) + 5
  const question = query.subarray(12, end)
  const isService = query.readUInt16BE(end - 4) === SRV
  const isAddress = query.readUInt16BE(end - 4) === 1
  const records = isService ? services.filter(({ name }) => told.includes(name)).map(serviceRecord) : []
  if (isAddress) records.push(record(1, Buffer.from([127, 0, 0, 1])))
  const head = Buffer.alloc(12)
  query.copy(head, 0, 0, 2)
  head.writeUInt16BE(0x8180 | (isService && records.length === 0 ? SERVFAIL : 0), 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(records.length, 6)
  return Buffer.concat([head, question, ...records])
}

function serviceRecord({ name, port, weight }: (typeof services)[number]): Buffer {
  const numbers = Buffer.alloc(6)
  numbers.writeUInt16BE(weight, 2)
  numbers.writeUInt16BE(port, 4)
  const labels = [name, 'orders', 'internal'].flatMap((label) => [label.length, ...Buffer.from(label)])
  return record(SRV, Buffer.concat([numbers, Buffer.from([...labels, 0])]))
}

/** For the name of the question, good for a second. */
function record(type: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 1, 0, data.length]), data])
}

const socket = createSocket('udp4', (query, peer) => socket.send(answer(query), peer.port, peer.address))
socket.bind(Number(names), '127.0.0.1', () => {
  process.stdout.write(`the name server listens on 127.0.0.1:${names}\n`)
})
process.on('SIGINT', () => {
  socket.close()
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})
