import { createServer, type Server } from 'node:http'
import type { TestContext } from 'node:test'
import { freePort } from '../../../../scripts/testing/free-port.ts'

/** An endpoint that can die and come back on the same port, and that may say one thing to checks and do another. */
export class MortalEndpoint {
  readonly url: string
  /** Requests that it answered, or was to answer; checks apart. */
  asked = 0
  checked = 0
  /** What requests get, checks apart: a status, or the end of their connection. */
  answer: number | 'reset' = 200
  private readonly port: number
  private server: Server | undefined

  private constructor(port: number) {
    this.port = port
    this.url = `http://127.0.0.1:${port}`
  }

  /** One that lives until the test is over. Checks ask for /healthz, and always get 200. */
  static async start(t: TestContext): Promise<MortalEndpoint> {
    const endpoint = new MortalEndpoint(await freePort())
    await endpoint.revive()
    t.after(() => endpoint.kill())
    return endpoint
  }

  /** As a crash does it: nothing listens any more, and what it was at is cut off. */
  kill(): void {
    this.server?.close()
    this.server?.closeAllConnections()
    this.server = undefined
  }

  async revive(): Promise<void> {
    if (this.server !== undefined) return
    const server = createServer()
    await listening(server, this.port)
    this.use(server)
  }

  private use(server: Server): void {
    this.server = server
    server.on('request', (request, response) => {
      if (request.url === '/healthz') {
        this.checked++
        response.end()
        return
      }
      this.asked++
      if (this.answer === 'reset') request.socket.resetAndDestroy()
      else response.writeHead(this.answer).end('ok')
    })
  }
}

async function listening(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
}
