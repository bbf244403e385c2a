import { createServer } from 'node:http'

/** A service with all sorts of troubles. Port: 9011, or the one that is given. */
const [port = '9011'] = process.argv.slice(2)

const asked = new Map<string, number>()

const server = createServer((request, response) => {
  const path = request.url ?? ''
  const count = (asked.get(path) ?? 0) + 1
  asked.set(path, count)
  const answer = (status: number, content: string, delay = 0): void => {
    setTimeout(() => response.writeHead(status).end(content), delay)
  }
  switch (path) {
    case '/flaky':
      return count % 2 === 1 ? answer(503, 'ill') : answer(200, 'well')
    case '/stuck':
      // The first one never comes.
      return count === 1 ? undefined : answer(200, 'second')
    case '/late':
      return answer(200, count === 1 ? 'first' : 'second', count === 1 ? 1_000 : 0)
    case '/ill':
      return answer(500, 'ill')
    case '/one':
      return answer(200, 'one', 300)
    case '/told':
      return answer(200, `${String(request.headers['x-request-timeout'])}\n`)
    default:
      return answer(200, 'slow', 2_000)
  }
})
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`service listens on 127.0.0.1:${port}\n`))
process.on('SIGINT', () => {
  server.close()
  server.closeAllConnections()
})
