import { after } from 'node:test'
import { type AddressOrigin, startAll } from './address-origin.ts'
import { NameServer } from './name-server.ts'

/** A name server, and services at these addresses, all on one port, for as long as the tests of a file run. */
export async function startNamed(addresses: readonly string[]): Promise<{ names: NameServer; port: number }> {
  const names = await NameServer.start()
  const origins = await startAll(addresses)
  after(() => {
    names.stop()
    for (const each of origins) each.stop()
  })
  const { port } = origins[0] as AddressOrigin // they started
  return { names, port }
}
