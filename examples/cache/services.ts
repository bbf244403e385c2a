import { createServer, type Server } from 'node:http'

/** A slow shop, and a service that ends it (GET /stop). Ports: 9011 and 9012, or those that are given. */
const [shopPort = '9011', controlPort = '9012'] = process.argv.slice(2)

const made = new Map<string, number>()

/** Each answer takes a moment, and tells how many there were of its path. It says nothing of how long it holds. */
const shop = createServer((request, response) => {
  setTimeout(() => {
    const { url = '/' } = request
    const [, kind = 'page', id = ''] = url.split(/[/?]/)
    const count = (made.get(url) ?? 0) + 1
    made.set(url, count)
    response.setHeader('cache-tag', id === '' ? kind : `${kind}, ${kind}-${id}`)
    if (request.headers.cookie !== undefined) response.setHeader('cache-control', 'private')
    response.end(`answer ${count}\n`)
  }, 300)
})

const control = createServer((request, response) => {
  if (request.url === '/stop') end(shop)
  response.end('the shop is closed\n')
})

function end(server: Server): void {
  server.close()
  server.closeAllConnections()
}

shop.listen(Number(shopPort), '127.0.0.1', () => {
  control.listen(Number(controlPort), '127.0.0.1', () =>
    process.stdout.write(`the shop listens on 127.0.0.1:${shopPort}\n`),
  )
})
process.on('SIGINT', () => {
  end(shop)
  end(control)
})
