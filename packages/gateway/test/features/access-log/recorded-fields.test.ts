import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfig } from '../../../src/config/parse.ts'
import { logOf } from '../../replay/replayed-log.ts'

describe('accessLog.headers', () => {
  it('refuses what may hold a secret', () => {
    const names = [
      'Authorization',
      'cookie',
      'Proxy-Authorization',
      'x-api-key',
      'X-Auth-Token',
      'set-cookie',
      'x y',
      'x-canary',
      'accept',
    ]
    const result = parseConfig({ accessLog: { headers: names }, routes: [{ respond: {} }] })
    assert.ok(!result.ok)
    assert.deepEqual(
      result.problems.map(({ path, message }) => `${path} ${message}`),
      [
        ...names
          .slice(0, 6)
          .map(
            (name, index) =>
              `accessLog.headers[${index}] "${name}" may hold a secret, which no log is to hold`,
          ),
        'accessLog.headers[6] "x y" is not the name of a header field',
      ],
    )
  })

  it('leaves lines within what a pipe takes whole', async () => {
    const headers = Object.fromEntries(
      Array.from({ length: 16 }, (_, index) => [`x-long-${index}`, 'ü'.repeat(200)]),
    )
    const config = { accessLog: { headers: Object.keys(headers) }, routes: [{ respond: {} }] }
    const [line = ''] = await logOf(config, [
      { url: `/${'x'.repeat(2040)}`, headers: { ...headers, 'user-agent': 'x'.repeat(300) } },
    ])
    assert.ok(line.length < 4096, String(line.length))
    const recorded = (JSON.parse(line) as { headers: Record<string, string> }).headers
    assert.equal(recorded['x-long-15'], '...')
  })
})
