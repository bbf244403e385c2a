import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { canonicalPath, InvalidTarget } from '@headgate/core'
import { EXIT } from '../../src/cli/command.ts'
import { runGateway } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { codes, readPage, tableWith } from '../../../../scripts/docs/markdown.ts'
import { PAGE, withTables } from './reference.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'

const page = readPage(PAGE)

/** The gateway's own. */
function sources(): string[] {
  const folder = new URL('../../src/', import.meta.url)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
}

describe('docs/configuration.md', () => {
  it('holds the settings, errors and metrics that the code has', () => {
    const advice = 'npm run build && npx node packages/gateway/test/docs/reference.ts --write'
    assert.equal(readFileSync(PAGE, 'utf8'), withTables(page.text), advice)
  })

  it('holds every metric that is stated anywhere', () => {
    const names = tableWith(page, 'name', 'type', 'labels', 'meaning').flatMap(([name]) => codes(name))
    const stated = sources().flatMap((text) =>
      Array.from(text.matchAll(/metric\(\{\s*kind: '\w+',\s*name: '(\w+)'/g), ([, name = '']) => name),
    )
    assert.ok(stated.length > 40)
    assert.deepEqual(names.sort(), stated.sort())
  })

  it('is right about how paths are seen, and which are refused', () => {
    for (const [sent, seen] of tableWith(page, 'sent', 'seen as', 'why')) {
      assert.equal(canonicalPath(codes(sent)[0] ?? ''), codes(seen)[0], sent)
    }
    const refused = tableWith(page, 'sent', 'reason').flatMap(([sent]) => codes(sent))
    assert.ok(refused.length > 8)
    for (const path of refused) assert.ok(canonicalPath(path) instanceof InvalidTarget, path)
  })

  it('is right about which patterns match which requests', async () => {
    const origin = await startOrigin()
    for (const [pattern = '', matches, others] of tableWith(page, 'pattern', 'matches', 'does not match')) {
      const [written = ''] = codes(pattern)
      const byHost = pattern.startsWith('host ')
      const match = byHost ? { host: written } : { path: written }
      const gateway = await createGateway({
        listeners: [{ address: '127.0.0.1:0' }],
        routes: [{ match, upstream: origin.url }],
      })
      const port = (await gateway.listen())[0]?.port ?? 0
      const status = (text: string) => (byHost ? ask(port, '/', text) : ask(port, text, 'a'))
      for (const text of codes(matches)) assert.equal(await status(text), 200, `${pattern}: ${text}`)
      for (const text of codes(others)) assert.equal(await status(text), 404, `${pattern}: ${text}`)
      await gateway.close()
    }
  })

  it('shows an error answer as it is', async () => {
    const gateway = await createGateway({
      listeners: [{ address: '127.0.0.1:0' }],
      routes: [{ match: { host: 'nowhere' }, upstream: 'http://127.0.0.1:1' }],
    })
    const [listening] = await gateway.listen()
    const response = await fetch(listening?.url ?? '')
    const answer = (await response.json()) as { instance: string }
    await gateway.close()
    const shown = page.blocks.find(({ info }) => info === 'answer')
    assert.ok(shown)
    const id = /urn:request:[a-z0-9]{12}-[a-z0-9]+/
    assert.deepEqual(JSON.parse(shown.text.replace(id, 'id')), {
      ...answer,
      instance: answer.instance.replace(id, 'id'),
    })
  })

  it('lists the fields of the access log, all of them, in order', async () => {
    const lines: Record<string, unknown>[] = []
    const origin = await startOrigin((_, response) => response.destroy())
    const gateway = await createGateway(
      {
        listeners: [{ address: '127.0.0.1:0', proxyProtocol: { from: ['127.0.0.1'] } }],
        trustedProxies: ['127.0.0.1'],
        accessLog: { headers: ['x-version'] },
        routes: [
          {
            upstream: origin.url,
            retry: false,
            grpc: {},
            apiVersions: { header: 'x-version', default: 1, versions: { 1: {} } },
          },
        ],
      },
      { accessLog: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    )
    const [listening] = await gateway.listen()
    const fields = `x-forwarded-for: 192.0.2.7\r\ncontent-type: application/grpc\r\nuser-agent: test\r\ncontent-length: 0`
    const socket = connect(listening?.port ?? 0, '127.0.0.1').resume()
    socket.write('PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n')
    socket.write(`POST / HTTP/1.1\r\nhost: a\r\n${fields}\r\nconnection: close\r\n\r\n`)
    await once(socket, 'close')
    await gateway.close()
    const names = tableWith(page, 'field', 'meaning').flatMap(([name]) => codes(name))
    assert.deepEqual(names, Object.keys(lines[0] ?? {}))
  })

  it('lists the admin endpoints that there are', async () => {
    const origin = await startOrigin()
    const running = await runGateway({
      workers: 1,
      listeners: [{ address: '127.0.0.1:0' }],
      admin: { address: '127.0.0.1:0' },
      routes: [{ upstream: origin.url }],
    })
    const overview = await (await fetch(running.admin)).text()
    running.process.signalGroup('SIGTERM')
    await running.process.finished
    const there = [...overview.matchAll(/^(\/[\w.-]*) /gm)].map(([, path]) => path)
    const listed = tableWith(page, 'path', 'returns').flatMap(([path]) => codes(path))
    assert.deepEqual(listed, there)
  })

  it('lists the exit codes', () => {
    const numbers = tableWith(page, 'code', 'meaning').flatMap(([code = '']) => code.split(', ').map(Number))
    assert.deepEqual(numbers, [...Object.values(EXIT), 130, 143])
  })
})

/** The status of an answer. Not by fetch, which makes paths canonical itself, and sets Host. */
function ask(port: number, path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port, path, headers: { host, connection: 'close' } },
      (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode))
      },
    )
    request.on('error', reject)
  })
}
