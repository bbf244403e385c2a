import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'
import { Upstream } from '@headgate/core'
import { compile } from '../../../../scripts/docs/compile.ts'
import type { Client, ClientOptions } from '../../src/index.ts'
import { services } from './services.ts'
import { snippetFolder, snippets } from './snippets.ts'

describe('every example of the client in the documentation', () => {
  const all = snippets()
  const path = snippetFolder(all)
  const home = process.cwd()
  const server = createServer((request, response) => answer(request, response))
  let answer = services()
  let upstream: Upstream
  let clients: Client[] = []

  before(async () => {
    process.chdir(path)
    writeFileSync('internal-ca.pem', '')
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // it listens on TCP
    upstream = new Upstream({ name: 'services', endpoints: [{ url: `http://127.0.0.1:${port}` }] })
    globalThis.headgateSnippets = (createClient, options) => {
      const client = createClient(played(options, upstream))
      clients.push(client)
      return client
    }
  })

  beforeEach(() => {
    answer = services()
    clients = []
  })

  after(() => {
    process.chdir(home)
    upstream.destroy()
    server.closeAllConnections()
    server.close()
    rmSync(path, { recursive: true })
  })

  it('compiles', async () => {
    assert.ok(all.length > 60, 'examples are missing')
    await compile(
      path,
      all.map(({ file }) => file),
    )
  })

  it('is short where a feature is introduced', () => {
    const long = all.filter(({ place, lines }) => place.startsWith('packages/client/README.md') && lines > 5)
    assert.deepEqual(
      long.map(({ place }) => place),
      [],
    )
  })

  for (const { place, file, prints } of all) {
    it(`${place} runs, and prints what it says`, async (t) => {
      const lines: string[] = []
      const { fetch } = globalThis
      t.mock.method(console, 'log', (...values: unknown[]) => void lines.push(format(...values)))
      try {
        await import(pathToFileURL(join(path, file)).href)
      } finally {
        globalThis.fetch = fetch
        await Promise.all(clients.map((client) => client.close({ grace: 0 })))
      }
      assert.equal(lines.length, prints.length, `it printed ${JSON.stringify(lines)}`)
      for (const [index, line] of lines.entries()) assert.match(flat(line), pattern(prints[index] ?? ''))
    })
  }
})

/**
 * With the services in place of the network: but not where the origin is on this machine, nor where the network is kept away
 * anyhow, and what is shown is how.
 */
function played(options: ClientOptions | undefined, { handler }: Upstream): ClientOptions {
  if (options?.guard !== undefined || options?.preset === 'crawler' || isHere(options?.baseUrl))
    return { ...options }
  return { transport: handler, ...options }
}

function isHere(url: string | URL | undefined): boolean {
  return url !== undefined && new URL(url).hostname === '127.0.0.1'
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

function pattern(text: string): RegExp {
  const parts = text.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
