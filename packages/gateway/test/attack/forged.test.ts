import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AttackedGateway } from './attacked-gateway.ts'
import { valuesOf } from './recorded-request.ts'

const END = '\r\n\r\n'
const FORGED = '10.66.66.66'
const get = (...fields: string[]): string => ['GET / HTTP/1.1', 'host: a', ...fields].join('\r\n') + END

/** What the gateway says of a client that it does not trust. */
const OURS = {
  'x-forwarded-for': ['127.0.0.1'],
  'x-forwarded-proto': ['http'],
  'x-forwarded-host': ['a'],
  'x-forwarded-port': ['80'],
  forwarded: ['for=127.0.0.1;host=a;proto=http'],
}

const VARIANTS = [
  'X_Forwarded_For',
  'X-Forwarded_For',
  'X_Forwarded-For',
  'X.Forwarded.For',
  'x.forwarded_for',
  'x_forwarded_for',
  'X-Forwarded.For',
  'x~forwarded~for',
  'x!forwarded!for',
  "x'forwarded+for",
  'x__forwarded__for',
  '_x_forwarded_for',
  'X_Forwarded_Proto',
  'X_Forwarded_Host',
  'X.Forwarded.Host',
  'X_Forwarded_Port',
  'X_Forwarded_Prefix',
  'X_Forwarded_Anything',
  'X_Real_IP',
  'X.Real.IP',
  'X_Request_Id',
  'x_request_id',
  'x.request.id',
  'X-Request_Id',
  'forwarded_',
  '_forwarded',
  '_via',
  'host_',
  'content_length',
  'Content.Length',
  'transfer_encoding',
  'Transfer.Encoding',
]

test('variants of fields that the gateway sets do not reach the origin', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const name of VARIANTS) {
    await t.test(name, async () => {
      await site.passesAs(get(`${name}: ${FORGED}`), { fields: OURS })
      assert.ok(!site.got.bytes.includes(FORGED))
    })
  }
})

test('nor do they from a trusted proxy', async (t) => {
  const site = await AttackedGateway.start(t, { trustedProxies: ['127.0.0.1'] })
  for (const name of VARIANTS) {
    await t.test(name, async () => {
      await site.passesAs(get(`${name}: ${FORGED}`), { fields: OURS })
      assert.ok(!site.got.bytes.includes(FORGED))
    })
  }
})

test('variants of a request id that goes by another name do not reach the origin', async (t) => {
  const site = await AttackedGateway.start(t, { requestId: { header: 'x-correlation-id' } })
  for (const name of ['x_correlation_id', 'X.Correlation.Id', 'x-correlation_id', 'x!correlation!id']) {
    await t.test(name, async () => {
      await site.passesAs(get(`${name}: ${FORGED}`, 'x-correlation-id: abc'), {
        fields: { 'x-correlation-id': ['abc'] },
      })
      assert.ok(!site.got.bytes.includes(FORGED))
    })
  }
  await t.test('those of another name pass', () =>
    site.passesAs(get('x_correlation: 1', 'user.id: 2'), {
      fields: { x_correlation: ['1'], 'user.id': ['2'] },
    }),
  )
})

test('what an untrusted client claims of those before it does not reach the origin', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const line of [
    `X-Forwarded-For: ${FORGED}`,
    `x-forwarded-for: ${FORGED}, ${FORGED}`,
    `X-FORWARDED-FOR: ${FORGED}:80`,
    `X-Forwarded-For: 127.0.0.1, ${FORGED}`,
    `X-Forwarded-Host: ${FORGED}`,
    `X-Forwarded-Proto: https-${FORGED}`,
    `X-Forwarded-Port: 66${FORGED}`,
    `X-Forwarded-Prefix: /${FORGED}`,
    `X-Forwarded-Server: ${FORGED}`,
    `X-Forwarded-Path: /${FORGED}`,
    `X-Forwarded-Uri: /${FORGED}`,
    `X-Forwarded-Method: ${FORGED}`,
    `X-Forwarded-User: ${FORGED}`,
    `X-Forwarded-Client-Cert: ${FORGED}`,
    `X-Forwarded-Ssl: ${FORGED}`,
    `X-Forwarded: for=${FORGED}`,
    `X-Real-IP: ${FORGED}`,
    `Forwarded: for=${FORGED}`,
    `Forwarded: for="${FORGED}:80";host=${FORGED};proto=https`,
    `FORWARDED: host=${FORGED}`,
  ]) {
    await t.test(line, async () => {
      await site.passesAs(get(line), { fields: OURS })
      assert.ok(!site.got.bytes.includes(FORGED))
    })
  }
  await t.test('not where it comes several times', async () => {
    await site.passesAs(
      get(
        `x-forwarded-for: ${FORGED}`,
        'x: y',
        `X-Forwarded-For: ${FORGED}`,
        `forwarded: for=${FORGED}`,
        'forwarded: for=b',
      ),
      { fields: { ...OURS, x: ['y'] } },
    )
    assert.ok(!site.got.bytes.includes(FORGED))
  })
})

test('nor where the gateway itself says nothing', async (t) => {
  const site = await AttackedGateway.start(t, {
    forwarding: { xForwarded: false, forwarded: false, via: false },
  })
  for (const line of [
    `X-Forwarded-For: ${FORGED}`,
    `X-Real-IP: ${FORGED}`,
    `Forwarded: for=${FORGED}`,
    `x_forwarded_for: ${FORGED}`,
  ]) {
    await t.test(line, async () => {
      await site.passesAs(get(line))
      assert.ok(!site.got.bytes.includes(FORGED))
    })
  }
})

test('a proxy that is not the trusted one is not believed', async (t) => {
  const site = await AttackedGateway.start(t, { trustedProxies: ['127.0.0.2', '10.0.0.0/8', '::1'] })
  await site.passesAs(get(`x-forwarded-for: ${FORGED}`, `forwarded: for=${FORGED}`), { fields: OURS })
})

test('a trusted proxy is believed, and cannot be made to strip what the gateway adds', async (t) => {
  const site = await AttackedGateway.start(t, { trustedProxies: ['127.0.0.0/8'] })
  for (const [name, connection] of [
    ['plain', []],
    ['with Connection naming the claims', ['connection: x-forwarded-for, x-forwarded-proto, forwarded, via']],
  ] as const) {
    await t.test(name, () =>
      site.passesAs(
        get(
          ...connection,
          'x-forwarded-for: 192.0.2.7',
          'x-forwarded-proto: https',
          'x-forwarded-host: shop.example',
          'x-forwarded-port: 443',
          'forwarded: for=192.0.2.7;proto=https',
        ),
        {
          fields: {
            'x-forwarded-for': ['192.0.2.7, 127.0.0.1'],
            'x-forwarded-proto': ['https'],
            'x-forwarded-host': ['shop.example'],
            'x-forwarded-port': ['443'],
            forwarded: ['for=192.0.2.7;proto=https, for=127.0.0.1;host=a;proto=http'],
          },
        },
      ),
    )
  }
  await t.test('several lines become one, ours at its end', () =>
    site.passesAs(get('x-forwarded-for: 192.0.2.7', 'X-Forwarded-For: 192.0.2.8'), {
      fields: { 'x-forwarded-for': ['192.0.2.7, 192.0.2.8, 127.0.0.1'] },
    }),
  )
})

test('a forged request id that could do harm is replaced', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const id of ['a b', 'a,b', '"a"', '${jndi:ldap://b}', '<script>', 'x'.repeat(129), '\xe9', 'a\tb']) {
    await t.test(id.slice(0, 20), async () => {
      await site.passesAs(get(`x-request-id: ${id}`))
      const [sent, ...others] = valuesOf(site.got, 'x-request-id')
      assert.match(sent ?? '', /^[a-z0-9]+-[a-z0-9]+$/)
      assert.deepEqual(others, [])
    })
  }
  await t.test('two of them', async () => {
    await site.passesAs(get('x-request-id: a', 'X-Request-ID: b'))
    const [sent, ...others] = valuesOf(site.got, 'x-request-id')
    assert.match(sent ?? '', /^[a-z0-9]+-[a-z0-9]+$/)
    assert.deepEqual(others, [])
  })
})
