import { lookup as systemLookup, promises as dns } from 'node:dns'
import { own } from '../../message/own-options.ts'

export interface ResolvedAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** Asks for all addresses of a name; rejects as `dns.lookup` does. */
export type Lookup = (name: string) => Promise<readonly ResolvedAddress[]>

/** Asks the system's own resolver: /etc/hosts and nsswitch.conf count. */
export function lookupAll(name: string): Promise<readonly ResolvedAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(name, own({ all: true as const, order: 'verbatim' as const }), (error, addresses) => {
      if (error === null)
        resolve(addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 })))
      else reject(error)
    })
  })
}

/**
 * Asks given name servers, and nobody else: neither /etc/hosts nor nsswitch.conf count.
 * @param servers addresses, with a port where it is not 53: `127.0.0.1:5353`, `[::1]:5353`
 * @throws TypeError if one of them is no address
 */
export function lookupAt(servers: readonly string[]): Lookup {
  const resolver = new dns.Resolver(own({ timeout: 2_000, tries: 2 }))
  try {
    resolver.setServers(servers)
  } catch (cause) {
    const given = JSON.stringify(servers)
    throw new TypeError(`servers: ${given} must be addresses as "10.0.0.2" or "[::1]:5353"`, { cause })
  }
  return async (name) => {
    const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const addresses = [...answers(six, 6), ...answers(four, 4)]
    if (addresses.length > 0) return addresses
    // Both failed, or gave nothing: "no such name" says more than "no such record".
    throw four.status === 'rejected' ? four.reason : new Error('the answer holds no address')
  }
}

function answers(result: PromiseSettledResult<string[]>, family: 4 | 6): ResolvedAddress[] {
  return result.status === 'rejected' ? [] : result.value.map((address) => ({ address, family }))
}
