import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type AccessLog, Exchange, systemClock, TrafficError } from '@headgate/core'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { explain, type Explanation } from '../../src/explain/explain.ts'
import { Gateway } from '../../src/gateway.ts'
import { STACK } from '../../src/stack.ts'
import { checked } from './explained.ts'
import { type StackCase, stackCases } from './generated-stack.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const PEER = { address: '192.0.2.7', port: 0, encrypted: false }
const LOG: AccessLog = { record() {} }
const RUNS = Number(process.env['STACK_CASES'] ?? 300)

/** The layers that an exchange and its attempts entered, by upstream and why it was asked; empty: before any was. */
type Passed = Map<string, string[]>

/** Sends the request through a gateway, with no socket in front of it. */
async function run(
  config: GatewayConfig,
  { request }: StackCase,
): Promise<{ readonly passed: Passed; readonly status: number }> {
  const passed: Passed = new Map()
  const gateway = new Gateway(config, {
    ...(config.accessLog !== false && { accessLog: LOG }),
    stack: {
      observer: {
        entered({ name }, setting) {
          const where = 'upstream' in setting ? `${setting.way} ${setting.upstream}` : ''
          const names = passed.get(where) ?? []
          passed.set(where, names)
          names.push(name)
        },
      },
    },
  })
  const exchange = new Exchange(request(), systemClock, PEER)
  const { status, body } = await gateway.handler(exchange)
  body.cancel(new TrafficError('cancelled', 'not wanted'))
  exchange.finish({ status, error: undefined, bytesSent: 0, bytesReceived: 0 })
  await gateway.close(1_000)
  return { passed, status }
}

function namesAt({ taken, unrouted }: Explanation, where: string): string[] {
  if (taken === undefined) return where === '' ? unrouted.map(({ name }) => name) : []
  return taken.policies.flatMap(({ name, upstream, as }) =>
    (upstream === undefined ? '' : `${as} ${upstream}`) === where ? [name] : [],
  )
}

test(`explain names the layers that an exchange then passes, for ${RUNS} configurations and requests`, async (t) => {
  const server = createServer((request, response) => {
    request.resume()
    response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ways = new Set<string>()
  const names = new Set<string>()
  const check = async (each: StackCase): Promise<void> => {
    const config = checked(each.config)
    const explanation = await explain(config, each.request(), PEER)
    const { passed, status } = await run(config, each)
    const { taken } = explanation
    const all = namesAt(explanation, '')
    const answeredBy = taken?.answeredBy
    const last = answeredBy === undefined ? all.length : all.lastIndexOf(answeredBy) + 1
    assert.deepEqual(passed.get(''), all.slice(0, last))
    if (taken?.answer !== undefined) assert.equal(status, taken.answer.status)
    for (const [where, entered] of passed) {
      ways.add(where.replace(/ .*/, ''))
      for (const name of entered) names.add(name)
      if (where === '') continue
      const expected = namesAt(explanation, where)
      assert.deepEqual(entered.slice(0, expected.length), expected, where)
      assert.deepEqual([...new Set(entered)], [...new Set(expected)], where)
    }
    assert.equal(passed.size > 1, taken?.sent !== undefined)
  }
  await fc.assert(fc.asyncProperty(stackCases(origin), check), { numRuns: RUNS })
  // What is not tried is not proved: a layer that is added belongs into the generated configurations, too.
  assert.deepEqual([...ways].sort(), ['', 'fallback', 'mirror', 'target'])
  const layers = STACK.flatMap((row) => ('place' in row ? [] : [row.name]))
  assert.deepEqual(
    layers.filter((name) => !names.has(name)),
    [],
  )
})
