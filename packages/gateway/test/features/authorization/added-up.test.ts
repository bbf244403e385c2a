import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Exchange, HttpRequest, systemClock } from '@headgate/core'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { unruledRoutes } from '../../../src/features/authorization/checks.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { createGateway } from '../../../src/embedding/create-gateway.ts'
import { assertRefused } from '../refused-route.ts'

const KEYS = [
  { name: 'anna', groups: ['staff'], metadata: { roles: 'admin' } },
  { name: 'otto', groups: ['staff'] },
  { name: 'eve', groups: ['guests'] },
].map((each) => ({
  ...each,
  hash: `sha256:${createHash('sha256').update(each.name).digest('hex')}`,
}))

const AUTHENTICATORS: GatewayConfigInput['authenticators'] = {
  keys: { apiKey: { keys: KEYS } },
}

/** The status that each caller gets of a path. */
async function statuses(
  config: Omit<GatewayConfigInput, 'authenticators'>,
  path: string,
  headers: Record<string, string> = {},
): Promise<Record<string, number>> {
  await using gateway = await createGateway({
    authenticators: AUTHENTICATORS,
    ...config,
  })
  const found: Record<string, number> = {}
  for (const { name } of KEYS) {
    const request = HttpRequest.to(`http://shop.example${path}`, {
      headers: { ...headers, 'x-api-key': name },
    })
    found[name] = (await gateway.handler(new Exchange(request, systemClock))).status
  }
  return found
}

test('denials of defaults, groups and the route all hold; permissions are those of the nearest that says any', async () => {
  const config: Omit<GatewayConfigInput, 'authenticators'> = {
    defaults: {
      authentication: 'keys',
      authorization: { allow: [], deny: { headers: { 'x-bad': '1' } } },
    },
    groups: {
      internal: {
        authorization: {
          allow: { groups: ['staff'] },
          deny: [{ name: 'no-otto', subjects: ['otto'] }],
        },
      },
    },
    routes: [
      { match: { path: '/closed' }, respond: {} },
      { match: { path: '/internal' }, use: ['internal'], respond: {} },
      {
        match: { path: '/own' },
        use: ['internal'],
        authorization: { allow: { groups: ['guests', 'staff'] } },
        respond: {},
      },
    ],
  }
  assert.deepEqual(await statuses(config, '/closed'), {
    anna: 403,
    otto: 403,
    eve: 403,
  })
  assert.deepEqual(await statuses(config, '/internal'), {
    anna: 200,
    otto: 403,
    eve: 403,
  })
  assert.deepEqual(await statuses(config, '/own'), {
    anna: 200,
    otto: 403,
    eve: 200,
  })
  assert.deepEqual(await statuses(config, '/own', { 'x-bad': '1' }), {
    anna: 403,
    otto: 403,
    eve: 403,
  })
})

test('rules know parameters of the path, roles, and whether an expression holds', async () => {
  const route = (authorization: NonNullable<GatewayConfigInput['routes'][number]['authorization']>) => ({
    routes: [
      {
        match: { path: '/shops/:shop' },
        authentication: 'keys',
        authorization,
        respond: {},
      },
    ],
  })
  const nobody = { anna: 403, otto: 403, eve: 403 }
  assert.deepEqual(await statuses(route({ allow: { roles: ['admin'] } }), '/shops/7'), {
    ...nobody,
    anna: 200,
  })
  assert.deepEqual(
    await statuses(route({ allow: { params: { shop: '7' }, subjects: ['eve'] } }), '/shops/7'),
    { ...nobody, eve: 200 },
  )
  assert.deepEqual(await statuses(route({ allow: { params: { shop: '7' } } }), '/shops/8'), nobody)
  const own = { allow: { when: 'request.params.shop == identity.subject' } }
  assert.deepEqual(await statuses(route(own), '/shops/otto'), {
    ...nobody,
    otto: 200,
  })
  assert.deepEqual(await statuses(route({ allow: { clientCertificate: {} } }), '/shops/7'), nobody)
})

test('where an expression fails, a denial holds and a permission does not', async () => {
  const routes = (authorization: NonNullable<GatewayConfigInput['routes'][number]['authorization']>) => ({
    routes: [{ authentication: 'keys', authorization, respond: {} }],
  })
  const when = 'request.headers["x-tier"] == "gold"'
  const [all, nobody] = [
    { anna: 200, otto: 200, eve: 200 },
    { anna: 403, otto: 403, eve: 403 },
  ]
  assert.deepEqual(await statuses(routes({ allow: { when } }), '/', { 'x-tier': 'gold' }), all)
  assert.deepEqual(await statuses(routes({ allow: { when } }), '/'), nobody)
  assert.deepEqual(await statuses(routes({ deny: { when } }), '/', { 'x-tier': 'silver' }), all)
  assert.deepEqual(await statuses(routes({ deny: { when } }), '/'), nobody)
  // As a browser of a client may well write it.
  assert.deepEqual(
    await statuses(routes({ deny: { when: `"x-tier" in request.headers && ${when}` } }), '/'),
    all,
  )
})

test('a mistake in an expression is named with its place, and a parameter that the path does not have', () => {
  assertRefused(
    { authorization: { allow: { when: 'request.methd == "GET"' } } },
    /request\.methd, which is not known: column 8/,
  )
  assertRefused(
    {
      match: { path: '/shops/:shop' },
      authorization: { deny: [{ params: { sop: '1' } }] },
    },
    /"sop" is no parameter of match\.path/,
  )
})

test('a route without rules where others have some is found, unless it says that nobody is asked', () => {
  const rules = { allow: { groups: ['staff'] } }
  const result = parseConfig({
    authenticators: AUTHENTICATORS,
    routes: [
      {
        name: 'ruled',
        authentication: 'keys',
        authorization: rules,
        respond: {},
      },
      {
        name: 'forgotten',
        match: { path: '/a' },
        authentication: 'keys',
        respond: {},
      },
      {
        name: 'meant',
        match: { path: '/b' },
        authentication: 'keys',
        authorization: {},
        respond: {},
      },
      {
        name: 'open',
        match: { path: '/c' },
        authentication: false,
        respond: {},
      },
    ],
  })
  assert.ok(result.ok)
  const { routes } = result.config
  assert.deepEqual(
    unruledRoutes(routes).map((index) => routes[index]?.name),
    ['forgotten'],
  )
})
