import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { createGateway } from 'headgate'

/**
 * A shop, its control (GET /redis/stop), a Redis, which is to be installed as redis-server, and another gateway that shares its cache.
 * Ports: 9011 to 9014, or those that are given.
 */
const [shopPort = '9011', controlPort = '9012', redisPort = '9013', otherPort = '9014'] =
  process.argv.slice(2)

let answers = 0
const shop = createServer((_, response) => {
  response.setHeader('cache-tag', 'items')
  response.end(`answer ${++answers}\n`)
})

const control = createServer((_, response) => {
  redis.kill()
  response.end('redis is stopped\n')
})

const quiet = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning']
const redis = spawn('redis-server', ['--bind', '127.0.0.1', '--port', redisPort, ...quiet], {
  stdio: 'inherit',
})

const other = await createGateway({
  listeners: [{ address: `127.0.0.1:${Number(otherPort)}` }],
  admin: false,
  accessLog: false,
  stores: { main: { redis: `redis://127.0.0.1:${Number(redisPort)}` } },
  cache: { tier: 'main' },
  routes: [{ name: 'shop', upstream: `http://127.0.0.1:${Number(shopPort)}`, cache: { ttl: '60s' } }],
})

await listen(shop, shopPort)
await listen(control, controlPort)
await other.listen()
process.stdout.write(
  `the shop listens on 127.0.0.1:${shopPort}, the other gateway on 127.0.0.1:${otherPort}\n`,
)

function listen(server: Server, port: string): Promise<void> {
  return new Promise((resolve) => server.listen(Number(port), '127.0.0.1', resolve))
}

process.on('SIGINT', () => {
  redis.kill()
  for (const server of [shop, control]) {
    server.close()
    server.closeAllConnections()
  }
  void other.close()
})
