import type { Socket } from 'node:net'
import {
  addressOf,
  type Clock,
  type Peer,
  type ProxiedConnection,
  type ProxyHeader,
  readProxyHeader,
  tellPeer,
  TrafficError,
} from '@headgate/core'
import type { ListenerProxyProtocolConfig } from '../features/proxy-protocol/setting.ts'
import { ipRanges } from '../settings/values/address.ts'

export interface ProxyDoorOptions {
  readonly clock: Clock
  /** @param first what was read of it already */
  readonly pass: (socket: Socket, first: Buffer) => void
  readonly refused: (error: TrafficError, peer: Peer, bytesSent: number) => void
}

const NOTHING = Buffer.alloc(0)

/**
 * What stands before all other doors of a listener: connections from named networks begin with a header of the PROXY protocol, which
 * tells who has come to the proxy there. From elsewhere it would be anybody's word, and is refused as what it is: no request, no TLS.
 */
export class ProxyDoor {
  private readonly options: ProxyDoorOptions
  private settings: ListenerProxyProtocolConfig | undefined
  private isNamed: (address: string) => boolean = () => false
  /** What was told of connections on which TLS is not finished: node:tls gives another socket for the same two ends. */
  private readonly told = new Map<string, ProxiedConnection>()

  constructor(options: ProxyDoorOptions, settings: ListenerProxyProtocolConfig | undefined) {
    this.options = options
    this.use(settings)
  }

  /** From the next connection on. */
  use(settings: ListenerProxyProtocolConfig | undefined): void {
    this.settings = settings
    if (settings === undefined) return
    const ranges = ipRanges(settings.from)
    this.isNamed = (address) => ranges.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
  }

  /** Takes a connection that was just accepted. */
  readonly receive = (socket: Socket): void => {
    const { settings } = this
    const address = addressOf(socket)
    if (settings === undefined) return this.options.pass(socket, NOTHING)
    // It has gone already, as load balancers do that only look whether somebody is there: nobody knows any more who it was.
    if (address === '') return void socket.destroy()
    if (!this.isNamed(address)) return this.options.pass(socket, NOTHING)
    this.read(socket, settings.timeout)
  }

  /** To be called with what a connection has become, before it is asked for its peer. */
  introduce(socket: Socket): void {
    if (this.told.size === 0) return
    const ends = endsOf(socket)
    const connection = this.told.get(ends)
    if (connection === undefined) return
    this.told.delete(ends)
    tellPeer(socket, connection)
  }

  private read(socket: Socket, timeout: number): void {
    let bytes: Buffer = NOTHING
    const settle = (): void => {
      timer.disarm()
      socket.off('data', onData).off('end', onEnd).off('close', onEnd)
    }
    const refuse = (reason: string): void => {
      settle()
      const peer = { address: addressOf(socket), port: socket.remotePort ?? 0, encrypted: false }
      socket.destroy()
      const message = `the proxy's header of the PROXY protocol: ${reason}; proxyProtocol.from names who has to send one`
      this.options.refused(new TrafficError('malformed_request', message), peer, 0)
    }
    const timer = this.options.clock.timer(() => refuse(`it was not there within ${timeout} ms`))
    const onData = (piece: Buffer): void => {
      bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece])
      const header = readProxyHeader(bytes)
      if (header.kind === 'malformed') refuse(header.reason)
      if (header.kind !== 'header') return
      settle()
      this.goOn(socket, header, bytes.subarray(header.size))
    }
    const onEnd = (): void => {
      // As whoever only looks whether the port is open.
      if (bytes.length > 0) return refuse('it is cut short')
      settle()
      socket.destroy()
    }
    socket.on('error', () => {})
    socket.on('data', onData).on('end', onEnd).on('close', onEnd)
    timer.arm(timeout)
  }

  private goOn(
    socket: Socket,
    { connection }: ProxyHeader & { readonly kind: 'header' },
    rest: Buffer,
  ): void {
    socket.pause()
    if (connection !== undefined) {
      const ends = endsOf(socket)
      this.told.set(ends, connection)
      socket.once('close', () => {
        if (this.told.get(ends) === connection) this.told.delete(ends)
      })
    }
    this.options.pass(socket, rest)
    socket.resume()
  }
}

function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}
