import { isIP, type Socket } from 'node:net'
import { type ConnectListener, type ConnectTarget, own } from '@headgate/core'
import * as channels from './channels.ts'

/** What undici's messages say of a connection. */
interface ConnectParams {
  readonly host: string
  readonly hostname: string
  readonly protocol: string
  readonly port: string
  readonly version: 'h1'
  readonly servername: string | null
  readonly localAddress: string | null
}

/** Tells each connection on undici's channels, if somebody listens. */
export function toldConnections(localAddress: string | undefined): ConnectListener {
  const message = (target: ConnectTarget): { connectParams: ConnectParams; connector: () => void } => ({
    connectParams: paramsOf(target, localAddress),
    connector,
  })
  return own({
    begins(target: ConnectTarget): void {
      if (channels.beforeConnect.hasSubscribers) channels.beforeConnect.publish(message(target))
    },
    succeeded(target: ConnectTarget, socket: Socket): void {
      if (channels.connected.hasSubscribers) channels.connected.publish({ ...message(target), socket })
    },
    failed(target: ConnectTarget, error: unknown): void {
      if (channels.connectError.hasSubscribers)
        channels.connectError.publish({ ...message(target), socket: undefined, error })
    },
  })
}

/** There is one in undici; here it is only a member that must be there. */
function connector(): void {
  // Connections are opened by the engine.
}

function paramsOf(target: ConnectTarget, localAddress: string | undefined): ConnectParams {
  const { tls } = target
  const unix = target.kind === 'unix'
  const hostname = unix ? (tls?.servername ?? 'localhost') : target.host
  const port = unix ? '' : String(target.port)
  const shown = hostname.includes(':') ? `[${hostname}]` : hostname
  return {
    host: port === '' ? shown : `${shown}:${port}`,
    hostname,
    protocol: tls === undefined ? 'http:' : 'https:',
    port,
    version: 'h1',
    servername: tls === undefined || isIP(tls.servername) !== 0 ? null : tls.servername,
    localAddress: localAddress ?? null,
  }
}
