import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

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

  /** @param port 0: any */
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

/** One for each address, on a port that is free on all of them. */
export async function startAll(
  addresses: readonly string[],
  listener?: RequestListener,
): Promise<AddressOrigin[]> {
  for (;;) {
    const first = await AddressOrigin.start(addresses[0] ?? '127.0.0.1', 0, listener)
    const others = await Promise.allSettled(
      addresses.slice(1).map((address) => AddressOrigin.start(address, first.port, listener)),
    )
    const started = [first, ...others.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))]
    if (started.length === addresses.length) return started
    for (const each of started) each.stop()
  }
}
