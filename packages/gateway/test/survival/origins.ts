import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type Script, ScriptedPeer } from '@headgate/core/testing'

/** A service of `node:http` behind the gateway, until the test is over; it answers `ok` unless told how. */
export async function startService(
  t: TestContext,
  listener: RequestListener = (_, response) => response.end('ok'),
): Promise<Server & { readonly url: string }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return Object.assign(server, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

/** An origin that plays a script, byte by byte, on each connection, until the test is over. */
export async function startScripted(t: TestContext, script?: Script): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.listen(script)
  t.after(() => peer.close())
  return peer
}

/** The URL of a port on which nobody listens, as one did a moment ago. */
export async function nobody(): Promise<string> {
  const peer = await ScriptedPeer.listen()
  const { url } = peer
  await peer.close()
  return url
}
