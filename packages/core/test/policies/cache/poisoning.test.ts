import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom } from '../../../src/message/body.ts'
import type { CacheOptions } from '../../../src/policies/cache/cache-options.ts'
import { type Ask, answer, type Origin, rig, textOf } from './rig.ts'

/** Published ways to have a cache give one client what another has asked for. Each: what the attacker sends, what the victim then asks. */
interface Attack {
  readonly name: string
  readonly attacker: readonly [path: string, ask?: Ask]
  readonly victim: readonly [path: string, ask?: Ask]
  readonly origin: Origin
  readonly options?: Partial<CacheOptions>
  /** What the victim must get. */
  readonly clean: string
}

const STORED = { 'cache-control': 'max-age=60' }

/** Frameworks that take ";" for a separator of parameters, and the last of two values (Rack before 3, Python before 3.9.2). */
const readsSemicolons: Origin = ({ url }) => {
  const values = (url.split('?')[1] ?? '').split(/[&;]/).filter((pair) => pair.startsWith('callback='))
  return answer(200, STORED, `callback ${values.at(-1)?.slice(9) ?? 'none'}`)
}

const ATTACKS: readonly Attack[] = [
  {
    name: 'unkeyed header that the response depends on, told by Vary (Kettle 2018, "Practical Web Cache Poisoning")',
    attacker: ['/', { headers: { 'x-forwarded-host': 'evil.example' } }],
    victim: ['/'],
    origin: ({ headers }) =>
      answer(
        200,
        { ...STORED, vary: 'x-forwarded-host' },
        `host ${headers.get('x-forwarded-host') ?? 'own'}`,
      ),
    clean: 'host own',
  },
  {
    name: 'unkeyed header that the key has (Kettle 2018)',
    attacker: ['/', { headers: { 'x-host': 'evil.example' } }],
    victim: ['/'],
    origin: ({ headers }) => answer(200, STORED, `host ${headers.get('x-host') ?? 'own'}`),
    options: { key: { headers: ['x-host'] } },
    clean: 'host own',
  },
  {
    name: 'unkeyed query parameter (Kettle 2020, "Web Cache Entanglement")',
    attacker: ['/?utm_content=evil'],
    victim: ['/'],
    origin: ({ url }) => answer(200, STORED, `link ${url}`),
    options: { key: { query: { without: ['utm_content'] } } },
    clean: 'link http://a.example/',
  },
  {
    name: 'parameter cloaking by a semicolon (Kettle 2020; CVE-2021-23336)',
    attacker: ['/?callback=own&utm=1;callback=evil'],
    victim: ['/?callback=own'],
    origin: readsSemicolons,
    options: { key: { query: { without: ['utm'] } } },
    clean: 'callback own',
  },
  {
    name: 'parameter cloaking by an escaped name (Kettle 2020)',
    attacker: ['/?callback=own&%63allback=evil'],
    victim: ['/?callback=own'],
    origin: ({ url }) =>
      answer(200, STORED, `callback ${new URL(url).searchParams.getAll('callback').at(-1)}`),
    options: { key: { query: { only: ['callback'] } } },
    clean: 'callback own',
  },
  {
    name: 'fat GET, whose content the origin reads (Kettle 2020)',
    attacker: ['/?report=own', { body: bodyFrom('report=evil') }],
    victim: ['/?report=own'],
    origin: (_seen, _number, { request }) => answer(200, STORED, request.body.length === 0 ? 'own' : 'evil'),
    clean: 'own',
  },
  {
    name: 'method override, which is another method to the origin (Kettle 2020)',
    attacker: ['/', { method: 'POST', body: bodyFrom('x') }],
    victim: ['/'],
    origin: ({ method }) => answer(200, STORED, method),
    clean: 'GET',
  },
  {
    name: 'parts of the key moved into one another (Kettle 2020, "key injection")',
    attacker: ['/?a=1', { headers: { 'x-a': '1', 'x-b': '2:x' } }],
    victim: ['/?a=1', { headers: { 'x-a': '11:2', 'x-b': 'x' } }],
    origin: ({ headers }) => answer(200, STORED, `${headers.get('x-a')} ${headers.get('x-b')}`),
    options: { key: { headers: ['x-a', 'x-b'] } },
    clean: '11:2 x',
  },
  {
    name: 'path confusion by an escaped slash or dot segment: what is canonical is one (Gil 2017; Mirheidari 2022)',
    attacker: ['/static/%2e%2e/home'],
    victim: ['/static/'],
    origin: ({ url }) => answer(200, STORED, url),
    clean: 'http://a.example/static/',
  },
  {
    name: 'another host for the same path ("host header attack", CVE-2021-23017 class)',
    attacker: ['http://evil.example/'],
    victim: ['/'],
    origin: ({ url }) => answer(200, STORED, url),
    clean: 'http://a.example/',
  },
  {
    name: 'another port or scheme (Kettle 2020, "unkeyed port")',
    attacker: ['http://a.example:1337/'],
    victim: ['/'],
    origin: ({ url }) => answer(200, STORED, url),
    clean: 'http://a.example/',
  },
  {
    name: 'denial of service by a header that the origin refuses (Nguyen 2019, "CPDoS")',
    attacker: ['/', { headers: { 'x-oversized': 'a'.repeat(9000) } }],
    victim: ['/'],
    origin: ({ headers }) =>
      headers.has('x-oversized') ? answer(400, {}, 'refused') : answer(200, STORED, 'own'),
    clean: 'own',
  },
  {
    name: 'denial of service by Range: a part is no whole (CPDoS)',
    attacker: ['/', { headers: { range: 'bytes=0-0' } }],
    victim: ['/'],
    origin: ({ headers }) =>
      headers.has('range')
        ? answer(206, { ...STORED, 'content-range': 'bytes 0-0/3' }, 'o')
        : answer(200, STORED, 'own'),
    clean: 'own',
  },
  {
    name: 'denial of service by a condition: 304 is stored for nobody (CPDoS)',
    attacker: ['/', { headers: { 'if-none-match': '"x"' } }],
    victim: ['/'],
    origin: ({ headers }) =>
      headers.has('if-none-match') ? answer(304, STORED) : answer(200, STORED, 'own'),
    clean: 'own',
  },
  {
    name: 'denial of service by HEAD: a response without content is no GET (CPDoS)',
    attacker: ['/', { method: 'HEAD' }],
    victim: ['/'],
    origin: ({ method }) => answer(200, STORED, method === 'HEAD' ? '' : 'own'),
    clean: 'own',
  },
  {
    name: 'cookie that comes twice, of which servers take different ones (PortSwigger 2024)',
    attacker: ['/', { headers: { cookie: 'lang=de; lang=evil' } }],
    victim: ['/', { headers: { cookie: 'lang=de' } }],
    origin: ({ headers }) => answer(200, STORED, headers.get('cookie')?.split('=').at(-1) ?? ''),
    options: { key: { cookies: ['lang'] } },
    clean: 'de',
  },
]

for (const { name, attacker, victim, origin, options, clean } of ATTACKS) {
  test(`poisoning: ${name}`, async () => {
    const { ask } = rig(origin, options)
    await ask(attacker[0], attacker[1] ?? {}).then(textOf)
    assert.equal(await textOf(await ask(victim[0], victim[1] ?? {})), clean)
  })
}

/** What the victim was made to load, and the attacker then asks for (Gil 2017, "Web Cache Deception"). */
for (const [name, headers] of [
  ['a suffix that looks static, of a page that says nothing of caching', {}],
  ['a suffix that looks static, of a page that is private', { 'cache-control': 'private, max-age=60' }],
  ['a suffix that looks static, of a page with no-store', { 'cache-control': 'no-store' }],
  ['a page that sets the session anew', { ...STORED, 'set-cookie': 'session=victim' }],
] as const) {
  test(`deception: ${name} is kept for nobody`, async () => {
    const { get, store } = rig((_seen, number) => answer(200, headers, `page ${number}`))
    await get('/account/profile/x.css', { cookie: 'session=victim' })
    assert.equal(await textOf(await get('/account/profile/x.css')), 'page 2')
    assert.equal(store.stats().entries, 0)
  })
}

test('deception: what came for credentials is kept for nobody unless it says that it is for all', async () => {
  const { get } = rig((_seen, number) => answer(200, STORED, `page ${number}`))
  await get('/account.js', { authorization: 'Bearer victim' })
  assert.equal(await textOf(await get('/account.js')), 'page 2')
})
