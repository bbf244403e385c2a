import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { collect, Exchange, HttpRequest, systemClock } from '@headgate/core'
import type { GatewayConfigInput, RouteInput } from '../../src/config/input/input.ts'
import { loadConfig } from '../../src/config/load.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { Geo, type GeoOutcome } from '../../src/features/geo/geo.ts'
import { routeWarnings } from '../../src/features/match/warnings/route-warnings.ts'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'
import { type MmdbOptions, writeMmdb, type Written } from './mmdb-writer.ts'
import { ConfigError, createGateway } from '../../src/embedding/create-gateway.ts'

const CITY = writeMmdb({
  '192.0.2.0/24': { country: { iso_code: 'DE' }, continent: { code: 'EU' } },
  '198.51.100.0/24': {
    country: { iso_code: 'US' },
    continent: { code: 'NA' },
    subdivisions: [{ iso_code: 'CA' }, { iso_code: 'X' }],
  },
  '2001:db8::/32': { country: { iso_code: 'FR' }, continent: { code: 'EU' } },
  '203.0.113.0/24': { registered_country: { iso_code: 'AU' } },
})
const ASN = writeMmdb({
  '192.0.2.0/25': { autonomous_system_number: 64_500 },
  '203.0.113.0/24': { asn: 'AS64501' },
})

const shared = (bytes: Buffer): { bytes: SharedArrayBuffer } => {
  const memory = new SharedArrayBuffer(bytes.length)
  Buffer.from(memory).set(bytes)
  return { bytes: memory }
}

function database(bytes: Buffer = CITY): string {
  const path = join(folder(), 'geo.mmdb')
  writeFileSync(path, bytes)
  return path
}

type Ask = (
  client: string,
  headers?: Record<string, string>,
  peer?: string,
) => Promise<{ status: number; text: string; header(name: string): string | undefined }>

function gatewayOf(routes: RouteInput[], more: Partial<GatewayConfigInput> = {}): Ask {
  const starting = createGateway({ geo: { database: database() }, routes, ...more })
  after(async () => (await starting).close())
  return async (client, headers = {}) => {
    const gateway = await starting
    const peer = { address: client, port: 1, encrypted: false }
    const exchange = new Exchange(HttpRequest.to('http://shop.example/', { headers }), systemClock, peer)
    const response = await gateway.handler(exchange)
    const text = String(await collect(response.body))
    return { status: response.status, text, header: (name) => response.headers.get(name) }
  }
}

const said = (body: string): { respond: { body: string } } => ({ respond: { body } })

describe('routes by where clients are', () => {
  it('take those that are there, by country, continent, part of a country and number of the network', async () => {
    const ask = gatewayOf(
      [
        { match: { geo: { subdivision: ['US-CA'] } }, ...said('california'), priority: 2 },
        { match: { geo: { asn: ['AS64500', 64_999] } }, ...said('network'), priority: 1 },
        { match: { geo: { country: ['DE', 'FR'], continent: ['EU'] } }, ...said('near') },
        { match: { geo: { country: ['unknown'] } }, ...said('nowhere') },
        said('elsewhere'),
      ],
      { geo: { database: [database(), database(ASN)] } },
    )
    assert.equal((await ask('198.51.100.9')).text, 'california')
    assert.equal((await ask('192.0.2.1')).text, 'network', 'what one file does not know, the other does')
    assert.equal((await ask('192.0.2.200')).text, 'near')
    assert.equal((await ask('2001:db8::7')).text, 'near')
    assert.equal((await ask('::ffff:192.0.2.200')).text, 'near', 'an IPv4 address in IPv6 notation')
    assert.equal((await ask('203.0.113.1')).text, 'nowhere', 'where it is registered is not where it is')
    assert.equal((await ask('10.0.0.1')).text, 'nowhere')
    assert.equal((await ask('')).text, 'nowhere', 'over a unix socket')
  })

  it('work inside of all, any and not; who is unknown is not there', async () => {
    const ask = gatewayOf([
      { match: { not: { geo: { continent: ['EU'] } } }, ...said('out') },
      {
        match: { any: [{ geo: { country: ['DE'] } }, { headers: { 'x-a': 'b' } }] },
        ...said('any'),
        priority: 1,
      },
      { match: { all: [{ geo: { country: ['FR'] } }] }, ...said('all') },
    ])
    assert.equal((await ask('192.0.2.1')).text, 'any')
    assert.equal((await ask('2001:db8::7')).text, 'all')
    assert.equal((await ask('2001:db8::7', { 'x-a': 'b' })).text, 'any')
    assert.equal((await ask('10.0.0.1')).text, 'out')
  })

  it('go by the client that a trusted proxy tells, and by no other', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.1' }
    const ask = gatewayOf(
      [
        { match: { geo: { country: ['DE'] } }, ...said('de') },
        { ...said('other'), responseHeaders: { set: { 'x-geo': '${geo.country}' } } },
      ],
      { trustedProxies: ['10.0.0.1'] },
    )
    assert.equal((await ask('10.0.0.1', headers)).text, 'de')
    assert.equal((await ask('10.0.0.2', headers)).text, 'other')
  })

  it('tell the upstream and the client in variables, which hold codes or "unknown"', async () => {
    const geo = '${geo.country} ${geo.continent} ${geo.subdivision} ${geo.asn}'
    const ask = gatewayOf(
      [
        {
          redirect: { location: '/${geo.country}/' },
          responseHeaders: { set: { 'x-geo': geo } },
        },
      ],
      { trustedProxies: ['10.0.0.1'] },
    )
    const answer = await ask('198.51.100.9')
    assert.equal(answer.header('location'), '/US/')
    assert.equal(answer.header('x-geo'), 'US NA US-CA unknown')
    assert.equal((await ask('10.9.9.9')).header('x-geo'), 'unknown unknown unknown unknown')
    assert.equal(
      (await ask('10.0.0.1', { 'x-forwarded-for': '192.0.2.1' })).header('x-geo'),
      'DE EU unknown unknown',
      'also where no condition asks for the client',
    )
  })

  it('may share rate limits by country', async () => {
    const ask = gatewayOf([{ ...said('ok'), rateLimit: { rate: '2/h', key: 'country' } }])
    const statuses: number[] = []
    for (const client of ['192.0.2.1', '192.0.2.99', '192.0.2.3', '2001:db8::1'])
      statuses.push((await ask(client)).status)
    assert.deepEqual(statuses, [200, 200, 429, 200])
  })

  it('in different countries are not ambiguous', () => {
    const result = parseConfig({
      geo: { database: 'x.mmdb' },
      routes: [
        { match: { geo: { country: ['DE'] } }, ...said('a') },
        { match: { geo: { country: ['FR'] } }, ...said('b') },
        { match: { geo: { country: ['FR', 'IT'] } }, ...said('c') },
      ],
    })
    assert.ok(result.ok)
    assert.deepEqual(routeWarnings(result.config.routes), [{ kind: 'ambiguous', route: 2, other: 1 }])
  })
})

describe('a look-up', () => {
  it('is counted, and one that meets a broken record is unknown', () => {
    const outcomes: GeoOutcome[] = []
    const geo = new Geo((outcome) => outcomes.push(outcome))
    const broken = Buffer.from(
      writeMmdb({ '192.0.2.0/24': { country: { iso_code: 'DE' } }, '198.51.100.0/24': 'x' }),
    )
    broken[broken.indexOf(Buffer.from('country')) - 1] = 0xff
    geo.use([shared(broken), shared(ASN)])
    assert.equal(geo.lookup('192.0.2.200').country, 'unknown')
    assert.equal(geo.lookup('192.0.2.1').country, 'unknown')
    assert.equal(geo.lookup('203.0.113.7').asn, '64501')
    assert.equal(geo.lookup('10.0.0.1').asn, 'unknown')
    assert.equal(geo.lookup('no address').asn, 'unknown')
    assert.deepEqual(outcomes, ['failed', 'failed', 'found', 'unknown', 'unknown'])
    geo.use([shared(CITY)])
    assert.equal(geo.lookup('192.0.2.1').country, 'DE', 'nothing is remembered of the files before')
  })

  it('takes nothing from a file that could do harm in a header', () => {
    const odd: Written[] = ['de', 'D\r\nx: y', 'DEU', 12, { iso_code: ['DE'] }, { iso_code: 'D,' }]
    for (const country of odd) {
      const geo = new Geo()
      geo.use([shared(writeMmdb({ '1.0.0.0/8': { country } }))])
      assert.equal(geo.lookup('1.1.1.1').country, 'unknown', JSON.stringify(country))
    }
    const geo = new Geo()
    geo.use([
      shared(
        writeMmdb({ '1.0.0.0/8': { country: 'NL', continent: 'EU', asn: 'AS1' } }, {
          type: 'flat',
        } satisfies MmdbOptions),
      ),
    ])
    assert.deepEqual(geo.lookup('1.1.1.1'), {
      country: 'NL',
      continent: 'EU',
      subdivision: 'unknown',
      asn: '1',
    })
  })
})

describe('the settings of where clients are', () => {
  const problems = (input: unknown): string[] => {
    const result = parseConfig(input)
    return result.ok
      ? []
      : result.problems.map(
          ({ path, message, hint }) => `${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
        )
  }

  it('name codes that there are', () => {
    const match = {
      geo: {
        country: ['de', 'UK', 'EU', 'Germany'],
        continent: ['eu', 'Europe'],
        subdivision: ['CA'],
        asn: ['AS0', 'x'],
      },
    }
    assert.deepEqual(problems({ geo: { database: 'x' }, routes: [{ match, ...said('x') }] }), [
      'routes[0].match.geo.country[0]: "de" is not in upper case (did you mean "DE"?)',
      'routes[0].match.geo.country[1]: "UK" is the code of no country (did you mean "GB"?)',
      'routes[0].match.geo.country[2]: "EU" is the code of no country (the continent Europe is continent: [EU])',
      'routes[0].match.geo.country[3]: "Germany" is not the code of a country',
      'routes[0].match.geo.continent[0]: "eu" is not the code of a continent (did you mean "EU"?)',
      'routes[0].match.geo.continent[1]: "Europe" is not the code of a continent',
      'routes[0].match.geo.subdivision[0]: "CA" is not the code of a part of a country',
      'routes[0].match.geo.asn[0]: "AS0" is not the number of an autonomous system',
      'routes[0].match.geo.asn[1]: "x" is not the number of an autonomous system',
    ])
  })

  it('need a database wherever a route asks', () => {
    const none = 'asks where the client is, and there is no "geo" that tells it'
    assert.deepEqual(
      problems({
        routes: [
          { match: { any: [{ geo: { country: ['DE'] } }] }, ...said('x') },
          { match: { path: '/a' }, ...said('x'), responseHeaders: { set: { 'x-c': '${geo.country}' } } },
          { match: { path: '/b' }, ...said('x'), rateLimit: { rate: '1/s', key: ['client-ip', 'country'] } },
        ],
      }),
      [
        `routes[0].match.any[0].geo: "geo" ${none}`,
        `routes[1].responseHeaders.set.x-c: "\${geo.country}" ${none}`,
        `routes[2].rateLimit.key[1]: "country" ${none}`,
      ],
    )
  })

  it('are refused with the place where the database is missing or broken, by "check" with exit code 78', async () => {
    const cwd = folder({
      'headgate.yaml': 'geo:\n  database: [cut.mmdb, missing.mmdb]\nroutes: [{ respond: {} }]\n',
    })
    writeFileSync(join(cwd, 'cut.mmdb'), CITY.subarray(0, -300))
    const { code, stderr } = await headgate(['check'], { cwd })
    assert.equal(code, 78)
    assert.match(
      stderr,
      /headgate\.yaml:2:14 +geo\.database\[0\]: "cut\.mmdb" cannot be used: it has no metadata at its end: it is cut short, or no MaxMind DB file/,
    )
    assert.match(
      stderr,
      /headgate\.yaml:2:24 +geo\.database\[1\]: "missing\.mmdb" cannot be used: there is no such file/,
    )
    writeFileSync(join(cwd, 'cut.mmdb'), CITY)
    writeFileSync(join(cwd, 'missing.mmdb'), ASN)
    const loaded = await loadConfig(join(cwd, 'headgate.yaml'))
    assert.ok(loaded.ok)
    assert.deepEqual(loaded.config.geo?.database, [join(cwd, 'cut.mmdb'), join(cwd, 'missing.mmdb')])
    await assert.rejects(
      () => createGateway({ geo: { database: 'missing.mmdb' }, routes: [said('x')] }),
      (error) =>
        error instanceof ConfigError &&
        /missing\.mmdb cannot be used: there is no such file/.test(error.message),
    )
  })

  it('are explained: where the client is, and which route asks', async () => {
    const cwd = folder({
      'headgate.yaml':
        'geo: { database: geo.mmdb }\nroutes:\n  - { name: de, match: { geo: { country: [DE] } }, respond: {} }\n  - { name: rest, respond: {} }\n',
    })
    writeFileSync(join(cwd, 'geo.mmdb'), CITY)
    const { stdout } = await headgate(['explain', 'GET', '/', '--client', '198.51.100.1'], { cwd })
    assert.match(stdout, /^Route rest:/m)
    assert.match(
      stdout,
      /^Client 198\.51\.100\.1:\n {2}country +US\n {2}continent +NA\n {2}subdivision +US-CA\n {2}asn +unknown\n/m,
    )
    assert.match(stdout, /de +it is not so that country is DE/)
  })
})
