import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '../../../../scripts/testing/free-port.ts'

/** A service on one of the addresses of loopback (127.0.0.2 and so on), all on the same port, as the addresses of one name are. */
export class AddressOrigin {
  readonly address: string
  requests = 0
  private readonly server: Server

  private constructor(address: string, listener: RequestListener | undefined) {
    this.address = address
    this.server = createServer((request, response) => {
      this.requests++
      if (listener === undefined) response.end(address)
      else listener(request, response)
    })
  }

  static async start(address: string, port: number, listener?: RequestListener): Promise<AddressOrigin> {
    const origin = new AddressOrigin(address, listener)
    await new Promise<void>((resolve, reject) => {
      origin.server.once('error', reject)
      origin.server.listen(port, address, resolve)
    })
    return origin
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}

/** One for each address, all on one port. */
export async function startAll(
  addresses: readonly string[],
  listener?: RequestListener,
): Promise<AddressOrigin[]> {
  const port = await freePort()
  return Promise.all(addresses.map((address) => AddressOrigin.start(address, port, listener)))
}
