import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { listenOrElsewhere, type Service } from './service.ts'

/** A JSON API as there are many: a list, one of it by number, and adding to it. */
export function startOrders(port: number): Promise<Service> {
  const orders = [
    { id: 1001, item: 'lamp', quantity: 1 },
    { id: 1002, item: 'chair', quantity: 4 },
  ]
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, , id] = (request.url ?? '').split('/')
    if (request.method === 'POST') {
      const order = {
        id: 1001 + orders.length,
        ...((await json(request)) as { item: string; quantity: number }),
      }
      orders.push(order)
      send(response, 201, order)
    } else if (id === undefined) send(response, 200, orders)
    else {
      const order = orders.find((each) => String(each.id) === id)
      if (order === undefined) send(response, 404, { error: `there is no order ${id}` })
      else send(response, 200, order)
    }
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => send(response, 400, { error: 'send an order as JSON' }))
  })
  return listenOrElsewhere(server, port)
}

function send(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(content)}\n`)
}
