import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { configJsonSchema } from '../../src/config/json-schema/json-schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { ConfigProblem } from '../../src/settings/problems/problem.ts'
import { changeOne } from './changed-configs.ts'
import { DrawnValues } from './drawn-configs.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const schema = configJsonSchema()
const validate = new Ajv2020({ strict: false, allErrors: false, validateFormats: false }).compile(schema)

const url = 'http://127.0.0.1:9000'

/** How many configurations are drawn; more for a long look. */
const RUNS = Number(process.env['CONFIG_RUNS'] ?? 700)
/** The same ones each time; a long look draws others. */
const SEED = process.env['CONFIG_RUNS'] === undefined ? { seed: 20_270_630 } : {}

/** What `check` refuses and JSON Schema cannot say. */
const BEYOND_A_SCHEMA: readonly {
  readonly why: string
  readonly is: (problem: ConfigProblem, config: object) => boolean
}[] = [
  {
    why: 'a schema does not know what stands elsewhere: names that lead nowhere',
    is: says(
      /is not the name of (?:an upstream|a rate limit|a store|a group|an authenticator|a route)|is a credential of the consumer|which counts fields of GraphQL|is shared by \d+ workers|is not one of the versions|is no parameter of match\.path|names a version|is the version itself|needs "\$\{params\.|there is no "geo"|has no names, and no route has a host|reads no operation|is sticky by what|not known there|is no earlier call|is the name of an earlier call|has \d+ calls/,
    ),
  },
  {
    why: 'a schema compares no two entries: what is there twice, or never matches',
    is: says(
      /is the name (?:of|that)|is the id of|is the address of|is taken by|matches nothing that|is in the split already|twice|is the same version as/,
    ),
  },
  {
    why: 'a schema compares no two quantities, and knows no units',
    is: (problem) =>
      says(
        /is longer than|is (?:not )?shorter than|is for a secret, and|is for keys of two parts|is without effect: the "timeout"|begins after its end|is before "deprecated"/,
      )(problem) ||
      (typeof problem.value === 'string' && says(/is too (?:small|large)/)(problem)),
  },
  {
    why: 'a pattern is the outline of a text with a grammar of its own: hosts, addresses, URLs, canonical paths, regular expressions, templates and days',
    is: ({ path, value, message }) =>
      typeof value === 'string' &&
      GRAMMAR.test(path) &&
      !/is not a (?:whole|list)|known setting/.test(message),
  },
  {
    why: 'a schema knows no case: names of fields that HTTP or the gateway has for itself, or that hold secrets',
    is: says(
      /has a meaning of its own|is what anybody may claim|does not reach the upstream|frames messages|is not (?:changed|matched) here|may hold a secret/,
    ),
  },
  {
    why: 'a schema does not know the environment, nor where a configuration comes from: only a file may name variables',
    is: says(
      /is not set in the environment|is without effect on a unix socket|does not hold the name of a zone|new variables are taken from the configuration file only/,
    ),
  },
  {
    why: 'what a group or defaults hold is judged in the routes that have it',
    is: ({ path, message }) =>
      /^(?:groups|defaults)\b/.test(path) && !/known setting|is not an? (?:list|object)/.test(message),
  },
  {
    why: 'what a route says itself may not go with what it has of groups and defaults',
    is: ({ path, message }, config) =>
      ('defaults' in config || 'groups' in config) &&
      path.startsWith('routes') &&
      /is never used|stands beside|is without effect|is missing|does not say where|needs "/.test(message),
  },
  {
    why: 'that a text holds a variable of requests is no pattern that stands for the rest of the route',
    is: says(/would be told to others/),
  },
  {
    why: 'how GraphQL comes is known of methods and operations together',
    is: says(/by which (?:GraphQL|alone)/),
  },
  {
    why: 'a schema reads no policy, and so not what a nonce or a directive in it means beside other settings',
    is: says(/frame-ancestors of the policy|the nonce of another response|trusts every page/),
  },
]

const GRAMMAR =
  /(?:^|[.\]])(?:address|loginPage|afterLogout|parameters|url|endpoint|issuer|origin|ca|redis|dns|srv|origins|users|keys|hash|expires|zone|jwks|secret|hosts?|servername|resolvers|trustedProxies|from|client|addresses|pathRegex|regex|path|location|stripPrefix|set|add|remove|headers|query|upstream|mirror|deprecated|sunset|successor|docs|asn|body|contentSecurityPolicy|contentSecurityPolicyReportOnly|permissionsPolicy|trustedOrigins|frames|when|key|components)(?:\[|\.|$)/

function says(pattern: RegExp): (problem: ConfigProblem) => boolean {
  return ({ message }) => pattern.test(message)
}

/** Undefined if both take it, or both refuse it. */
function difference(config: object): string | undefined {
  const taken = validate(config)
  const result = parseConfig(config)
  if (taken === result.ok) return undefined
  const written = JSON.stringify(config)
  if (result.ok) return `the schema refuses what is taken: ${written}\n${JSON.stringify(validate.errors)}`
  const beyond = result.problems.every((problem) => BEYOND_A_SCHEMA.some(({ is }) => is(problem, config)))
  return beyond
    ? undefined
    : `the schema takes what is refused: ${written}\n${JSON.stringify(result.problems)}`
}

describe('the JSON Schema', () => {
  it('takes and refuses what the gateway takes and refuses, but for what no schema can say', () => {
    let taken = 0
    fc.assert(
      fc.property(fc.gen(), fc.nat(2), (gen, changes) => {
        const drawn = new DrawnValues(schema, (bound) => gen(fc.nat, Math.max(bound - 1, 0)))
        const config = drawn.config()
        for (let count = 0; count < changes; count++) changeOne(config, drawn)
        if (parseConfig(config).ok) taken++
        assert.equal(difference(config), undefined)
      }),
      { numRuns: RUNS, endOnFailure: true, ...SEED },
    )
    assert.ok(taken > RUNS / 20, `only ${taken} of ${RUNS} are taken by the gateway`)
  })

  for (const [what, route] of [
    ['two targets', { upstream: url, respond: {} }],
    ['three targets', { upstream: url, respond: {}, redirect: { location: '/' } }],
    ['no target', {}],
    ['a fallback that leads nowhere', { upstream: url, fallback: {} }],
    ['a fallback with both', { upstream: url, fallback: { upstream: url, respond: {} } }],
    ['an answer with a rewrite', { respond: {}, rewrite: { path: '/a' } }],
    ['two ways to make a path', { upstream: url, rewrite: { path: '/a', stripPrefix: '/b' } }],
    ['content where a status has none', { respond: { status: 204, body: 'a' } }],
    ['a split without any weight', { split: { upstreams: [{ upstream: url, weight: 0 }] } }],
    [
      'a split that is sticky by two',
      { split: { upstreams: [{ upstream: url }], sticky: { header: 'a', cookie: 'b' } } },
    ],
    [
      'a burst of a sliding window',
      { upstream: url, rateLimit: { rate: '1/s', burst: 1, algorithm: 'sliding-window' } },
    ],
    [
      'versions beside a lifecycle',
      { upstream: url, lifecycle: {}, apiVersions: { header: 'a', versions: { 1: {} } } },
    ],
    [
      'a value that must be there and match',
      { upstream: url, match: { headers: { a: { exists: true, regex: 'b' } } } },
    ],
    ['a duration of nothing', { upstream: url, timeouts: { attempt: '0s' } }],
    ['a number that no number holds exactly', { upstream: url, concurrency: { limit: 1, queue: 1e300 } }],
    ['all methods by a word', { upstream: url, match: { methods: 'ANY' } }],
    ['a host with a port', { upstream: url, match: { host: 'shop.example:80' } }],
    ['a path with a star in it', { upstream: url, match: { path: '/a/*/b' } }],
    ['an upstream with a path', { upstream: `${url}/a` }],
  ] as const) {
    it(`refuses, as the gateway does, a route with ${what}`, () => {
      assert.equal(parseConfig({ routes: [route] }).ok, false)
      assert.equal(validate({ routes: [route] }), false)
    })
  }

  it('is no better than the gateway where a list of texts holds a section: it is refused, and nothing breaks', () => {
    const remove = [{ x: 1 }, ['y']]
    const sticky = { split: { upstreams: [{ upstream: url }], sticky: { header: 'x-a' } } }
    for (const config of [
      { routes: [{ ...sticky, requestHeaders: { remove } }] },
      { routes: [{ upstream: url, graphql: {}, match: { methods: remove } }] },
      { defaults: { requestHeaders: { remove } }, routes: [{ upstream: url, requestHeaders: { remove } }] },
    ]) {
      assert.equal(parseConfig(config).ok, false)
      assert.equal(validate(config), false)
    }
  })

  it('takes a route without a target where defaults or a group may lead it', () => {
    for (const config of [
      { defaults: { upstream: url }, routes: [{}] },
      { defaults: { respond: {} }, routes: [{ upstream: url }] },
      { groups: { a: { upstream: url } }, routes: [{ use: 'a' }] },
    ]) {
      assert.ok(parseConfig(config).ok)
      assert.ok(validate(config), JSON.stringify(validate.errors))
    }
    assert.equal(validate({ defaults: { timeout: '1s' }, routes: [{}] }), false)
  })

  it('takes a variable where a number, a word or a text with a pattern belongs, and x- at the top', () => {
    const config = {
      'x-anchors': { a: 1 },
      workers: '${WORKERS:-2}',
      admin: { address: '${ADMIN_ADDRESS}' },
      upstreams: {
        app: { endpoints: [{ url: 'http://${HOST}:9000' }], balance: '${BALANCE}', hash: {}, tls: {} },
      },
      routes: [
        {
          upstream: 'app',
          timeout: '${TIMEOUT}',
          preserveHost: '${KEEP}',
          retry: { statuses: ['${STATUS}'] },
        },
      ],
    }
    assert.ok(validate(config), JSON.stringify(validate.errors))
    const env = {
      ADMIN_ADDRESS: '127.0.0.1:9901',
      HOST: 'a.example',
      BALANCE: 'consistent-hash',
      TIMEOUT: '5s',
      KEEP: 'true',
      STATUS: '503',
    }
    const file = () => ({ ok: false, problem: '', hint: '' }) as const
    const result = parseConfig(config, { variables: { env, file, exec: file } })
    // The URL is not encrypted, which the schema cannot know of a variable.
    assert.deepEqual(result.ok ? [] : result.problems.map(({ path }) => path), ['upstreams.app.tls'])
  })
})
