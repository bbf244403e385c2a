import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { after, describe, it } from 'node:test'
import { fitted, table } from '../../src/cli/table.ts'
import { figuresBetween, readTotals, type TopFacts, topView } from '../../src/cli/top-view.ts'
import { headgate } from '../headgate-command.ts'
import { HEADGATE } from '../headgate-process.ts'
import { KeepAliveClient } from '../keep-alive-client.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

const PAGE = `# HELP headgate_requests_total x
headgate_requests_total{route="a",status_class="2xx"} 100
headgate_requests_total{route="a",status_class="5xx"} 10
headgate_requests_active{route="a"} 3
headgate_request_duration_seconds_bucket{route="a",le="0.001"} 60
headgate_request_duration_seconds_bucket{route="a",le="0.01"} 109
headgate_request_duration_seconds_bucket{route="a",le="+Inf"} 110
headgate_downstream_connections_active 7
`

it('figures are those of the time between two looks', () => {
  const later = PAGE.replace('2xx"} 100', '2xx"} 300').replaceAll(/(le="0.01"}) 109|(Inf"}) 110/g, '$1$2 310')
  const [figures] = figuresBetween(readTotals(PAGE), readTotals(later), 2)
  assert.deepEqual(figures, {
    route: 'a',
    requestsPerSecond: 100,
    failedPerSecond: 0,
    active: 3,
    median: 0.01,
    p99: 0.01,
  })
  assert.equal(readTotals(PAGE).connections, 7)
})

it('a view fits its screen, however small, and has colours only where they are wanted', () => {
  const counts = {
    active: 0,
    idle: 0,
    connecting: 0,
    pending: 0,
    exchanges: 0,
    opened: 0,
    openedHttp2: 0,
    closed: 0,
    reused: 0,
    failed: 2,
  }
  const settings = { source: 'configured', weight: 1, priority: 0, levelShare: 1, marked: 'down' } as const
  const rest = { healthy: true, status: 'down', ejections: 0, spills: 0 }
  const endpoint = { endpoint: 'x:1', ...settings, ...rest, ...counts }
  const time = '2026-01-01T00:00:00.000Z'
  const facts: TopFacts = {
    status: {
      release: '1.0.0',
      phase: 'running',
      uptime: 61,
      workers: ['listening'],
      listeners: ['http://127.0.0.1:8080'],
      routes: 50,
      checksPaused: [],
      openBreakers: [],
      refusedCertificates: [],
      configuration: { id: 3, hash: 'a', time, origin: 'file', summary: '' },
      lastReload: { successful: true, time, origin: 'file' },
    },
    upstreams: {
      workers: 1,
      upstreams: [{ name: 'u', checks: 'none', endpoints: Array.from({ length: 30 }, () => endpoint) }],
    },
    routes: Array.from({ length: 50 }, (_, index) => ({
      route: `r${index}`,
      requestsPerSecond: 1,
      failedPerSecond: 0,
      active: 0,
      median: undefined,
      p99: Infinity,
    })),
    connections: 7,
  }
  for (const size of [
    { columns: 80, rows: 24 },
    { columns: 20, rows: 6 },
    { columns: 300, rows: 90 },
  ]) {
    const view = topView(facts, size, false)
    assert.ok(view.length <= size.rows, `${view.length} lines on ${size.rows}`)
    for (const line of view) assert.ok(line.length <= size.columns)
    assert.equal(view.at(-1), 'q ends')
    assert.ok(!view.join('').includes('\u001b'))
  }
  const view = topView(facts, { columns: 80, rows: 24 }, true).join('\n')
  assert.ok(view.includes('\u001b[31mu '), 'what is down is red')
  assert.match(view, /and \d+ more/)
})

it('names that do not fit are shortened in their middle, and the figures behind them stay', () => {
  const long = 'orders-service-in-the-second-cluster.of.the.northern.region.internal.example:8443'
  const rows = [
    ['UPSTREAM', 'ENDPOINT', 'STATUS'],
    ['orders', long, 'failing'],
  ]
  const shown = fitted(rows, 40, [0, 1])
  assert.equal(shown[1]?.[2], 'failing')
  assert.match(shown[1]?.[1] ?? '', /^orders-\S*…\S*:8443$/)
  for (const line of table(shown).trimEnd().split('\n')) assert.ok(line.length <= 40, line)
  assert.deepEqual(fitted(rows, 200, [0, 1]), rows)
  assert.deepEqual(fitted(rows, 5, [0, 1])[1]?.[2], 'failing')
})

describe('headgate top', {
  skip: existsSync('/usr/bin/script') ? false : 'no /usr/bin/script: no terminal',
}, () => {
  it('watches a gateway in a terminal until q, and leaves the terminal as it was', async () => {
    const origin = await startOrigin()
    const gateway = await startChanging(
      configWith({ workers: 1, routes: [{ name: 'shop', upstream: origin.url }] }),
    )
    const client = new KeepAliveClient(Number(new URL(gateway.url).port))
    const command = `${process.execPath} ${HEADGATE} top --admin ${gateway.admin}`
    const child = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], {
      cwd: gateway.cwd,
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', FORCE_COLOR: undefined },
    })
    after(() => child.kill('SIGKILL'))
    let shown = ''
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
    await new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        shown += text
        if (/shop +[1-9][\d.]* /.test(shown)) resolve()
      })
    })
    child.stdin.write('q')
    assert.equal(await closed, 0)
    client.stop()
    assert.match(shown, /headgate \d+\.\d+\.\d+, running/)
    assert.ok(!shown.includes('\u001b[1m'), 'NO_COLOR')
    assert.ok(shown.trimEnd().endsWith('\u001b[?25h\u001b[?1049l'))
    const once = await headgate(['top', '--admin', gateway.admin], { cwd: gateway.cwd })
    assert.match(once.stdout, /^headgate [^]*\nROUTE +REQUESTS\/S [^]*\nUPSTREAM /)
    assert.equal(once.code, 0)
  })
})
