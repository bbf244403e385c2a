import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'

/** A service behind the gateway. */
export interface Origin {
  readonly url: string
  /** Requests that reached it. */
  readonly requests: number
}

/** Starts a service that lives until the tests of the file are over; it answers `ok` unless told how. */
export async function startOrigin(
  listener: RequestListener = (_, response) => response.end('ok\n'),
): Promise<Origin> {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    listener(request, response)
  })
  // Node's own 5 seconds pass between two steps of a test where the machine is busy.
  server.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests
    },
  }
}
