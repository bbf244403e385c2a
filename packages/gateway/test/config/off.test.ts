import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { readYaml } from '../../src/settings/read/yaml.ts'
import { defineConfig } from '../../src/config/define-config.ts'

const YAML = `
timeouts: { responseHead: off, bodyIdle: off, streamIdle: off, halfClosed: off, exchange: off }
limits: { body: off }
minimumByteRate: off
admin: off
requestId: off
accessLog: off
forwarding: { via: off }
routes:
  - upstream: http://127.0.0.1:9000
    timeout: off
    retry: off
    timeouts: { responseHead: off, bodyIdle: off, streamIdle: off }
    minimumByteRate: off
    limits: { body: off }
`

const IN_TYPESCRIPT = defineConfig({
  timeouts: { responseHead: 'off', bodyIdle: 'off', streamIdle: false, halfClosed: 'off', exchange: false },
  limits: { body: 'off' },
  minimumByteRate: 'off',
  admin: 'off',
  requestId: false,
  accessLog: 'off',
  forwarding: { via: 'off' },
  routes: [
    {
      upstream: 'http://127.0.0.1:9000',
      timeout: 'off',
      retry: 'off',
      timeouts: { responseHead: 'off', bodyIdle: false, streamIdle: 'off' },
      minimumByteRate: false,
      limits: { body: 'off' },
    },
  ],
})

for (const [name, input] of [
  ['in YAML 1.2, which reads it as a text', readYaml(YAML).value?.input],
  ['in YAML 1.1, which reads it as false', readYaml(`%YAML 1.1\n---${YAML}`).value?.input],
  ['in TypeScript', IN_TYPESCRIPT],
] as const) {
  test(`"off" switches times, limits and sections off ${name}`, () => {
    const result = parseConfig(input)
    assert.ok(result.ok, JSON.stringify(result))
    const { timeouts, limits, minimumByteRate, admin, requestId, accessLog, forwarding, routes } =
      result.config
    const { responseHead, bodyIdle, streamIdle, halfClosed, exchange } = timeouts
    assert.deepEqual([responseHead, bodyIdle, streamIdle, halfClosed, exchange], Array(5).fill(Infinity))
    assert.deepEqual([limits.body, minimumByteRate], [Infinity, { rate: 0, grace: 0 }])
    assert.deepEqual([admin, requestId, accessLog, forwarding.via], Array(4).fill(false))
    const [route] = routes
    assert.deepEqual(
      [route?.timeout, route?.retry, route?.limits, route?.minimumByteRate],
      [Infinity, false, { body: Infinity }, { rate: 0, grace: 0 }],
    )
    assert.deepEqual(route?.timeouts, { responseHead: Infinity, bodyIdle: Infinity, streamIdle: Infinity })
  })
}

test('what cannot be switched off says so, and what is misspelt what it should be', () => {
  for (const [timeouts, message] of [
    [{ requestHead: 'off' }, /requestHead/],
    [{ connect: false }, /connect/],
    [{ keepAlive: 'off' }, /keepAlive/],
    [{ bodyIdle: 'Off' }, /did you mean ..off/],
    [{ bodyIdle: 'never' }, /or off/],
    [{ bodyIdle: true }, /or off/],
  ] as const) {
    const result = parseConfig({ timeouts, routes: [{ upstream: 'http://127.0.0.1:9000' }] })
    assert.ok(!result.ok)
    assert.match(JSON.stringify(result.problems), message)
  }
})
