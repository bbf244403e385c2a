import { createServer, type Server } from 'node:http'

/** Three services that tell their names and what they were sent. Ports: 9021 and on, or those that are given. */
const [first = '9021', second = '9022', third = '9023'] = process.argv.slice(2)

const servers = [start('stable', first), start('next', second), start('shadow', third)]
process.on('SIGINT', () => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})

function start(name: string, port: string): Server {
  const seen: string[] = []
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    if (url === '/seen') return response.end(`${name} has seen: ${seen.join(' ')}\n`)
    seen.push(`${method} ${url}`)
    response.setHeader('server', name)
    return response.end(`${name}: ${method} ${url} for ${String(headers['x-order'] ?? 'nobody')}\n`)
  })
  server.listen(Number(port), '127.0.0.1', () =>
    process.stdout.write(`${name} listens on 127.0.0.1:${port}\n`),
  )
  return server
}
