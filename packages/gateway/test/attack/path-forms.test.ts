import { describe, test, type TestContext } from 'node:test'
import { AttackedGateway } from './attacked-gateway.ts'

const request = (target: string): string => `GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`

/** What the origin is asked for, or the status of a refusal. */
async function sees(
  site: AttackedGateway,
  t: TestContext,
  cases: readonly (readonly [string, string | number])[],
) {
  for (const [target, seen] of cases) {
    await t.test(`${target}: ${seen}`, async () => {
      if (typeof seen === 'number') await site.answers(request(target), [seen], [])
      else await site.answers(request(target), [200], [seen])
    })
  }
}

const PASS = { encodedSlash: 'pass' } as const
const KEEP = { slashes: 'keep' } as const

describe('routes whose paths may hold %2F', () => {
  test('the origin sees it as it came, in upper case; what is read differently for another reason is refused', async (t) => {
    const site = await AttackedGateway.start(t, { paths: PASS })
    await sees(site, t, [
      ['/@scope%2fname', '/@scope%2Fname'],
      ['/api/v4/projects/group%2Fproject/issues', '/api/v4/projects/group%2Fproject/issues'],
      ['/a%2F', '/a%2F'],
      ['/%2fa', '/%2Fa'],
      ['/a%2F%2Fb', '/a%2F%2Fb'],
      ['/%252f', '/%252f'],
      ['/a//b%2fc', '/a/b%2Fc'],
      ['/a/./b%2Fc/../d', '/a/d'],
      ['/a.b%2F.c%2F...%2Fd..', '/a.b%2F.c%2F...%2Fd..'],
      ['/..%2f', 400],
      ['/a/..%2f..', 400],
      ['/a%2f..', 400],
      ['/a%2F../b', 400],
      ['/a%2f.%2Fb', 400],
      ['/.%2fa', 400],
      ['/%2e%2e%2fa', 400],
      ['/a%2F%2E%2e', 400],
      ['/a%2f..;x', 400],
      ['/a%2f..%3bx%2fb', 400],
      ['/..;%2fa', 400],
      ['/a%5Cb', 400],
      ['/a%5c..%2fb', 400],
      ['/a%00%2fb', 400],
      ['/../a%2Fb', 400],
      ['/%c0%af', 400],
    ])
  })

  test('a route that does not take them is not reached by one, by whatever spelling', async (t) => {
    const site = await AttackedGateway.start(t, {
      routes: [
        { match: { path: '/**' }, paths: PASS },
        { match: { path: '/admin/**' } },
        { match: { path: '/get', methods: ['GET'] } },
      ],
    })
    await sees(site, t, [
      ['/files/a%2Fb', '/files/a%2Fb'],
      ['/administrator%2Fx', '/administrator%2Fx'],
      ['/admin/x%2Fy', 400],
      ['/admin%2Fx', 400],
      ['/admin%2f', 400],
      ['/%2fadmin/x', 400],
      ['/%2Fadmin%2Fx', 400],
      ['//admin%2Fx', 400],
      ['/%61dmin%2fx', 400],
      ['/./admin%2Fx', 400],
      ['/files/..%2fadmin', 400],
      ['/files/../admin%2Fx', 400],
      ['/admin//x', '/admin/x'],
    ])
  })

  test('methods that the other reading does not allow are no way around it', async (t) => {
    const site = await AttackedGateway.start(t, {
      routes: [{ match: { path: '/:one' }, paths: PASS }, { match: { path: '/a/b', methods: 'GET' } }],
    })
    await site.answers(request('/a%2Fb').replace('GET', 'DELETE'), [400], [])
  })

  test('prefixes are stripped, and paths rewritten, around it', async (t) => {
    const site = await AttackedGateway.start(t, {
      paths: PASS,
      routes: [
        { match: { path: '/probe' } },
        { match: { path: '/npm/**' }, rewrite: { stripPrefix: '/npm' } },
        { match: { path: '/projects/:id/x' }, rewrite: { path: '/v4/${params.id}' } },
      ],
    })
    await sees(site, t, [
      ['/npm/@a%2fb', '/@a%2Fb'],
      ['/npm%2fa', 400],
      ['/npm/%2Fevil', '/%2Fevil'],
      ['/projects/a%2Fb/x', '/v4/a%2Fb'],
      ['/projects/a%2F..%2F..%2Fadmin/x', 400],
    ])
  })
})

describe('routes whose paths may hold runs of slashes', () => {
  test('the origin sees them as they came', async (t) => {
    const site = await AttackedGateway.start(t, { paths: KEEP })
    await sees(site, t, [
      ['/a//b', '/a//b'],
      ['//a', '//a'],
      ['/a//', '/a//'],
      ['/.//', '//'],
      ['/a/.//b', '/a//b'],
      ['/a//.', '/a//'],
      ['/a//../b', 400],
      ['//..', 400],
      ['/a%2fb', 400],
      ['//..%2f', 400],
    ])
  })

  test('a route that merges them is found by every spelling, and sees one slash', async (t) => {
    const site = await AttackedGateway.start(t, {
      routes: [
        { match: { path: '/**' }, paths: KEEP },
        { match: { path: '/admin/**' }, preserveHost: false },
      ],
    })
    await sees(site, t, [
      ['/files//key', '/files//key'],
      ['//admin/x', '/admin/x'],
      ['/admin//x', '/admin/x'],
      ['///admin', '/admin'],
      ['/.//admin/x', '/admin/x'],
      ['/files/..//admin', '/admin'],
      ['/files//../admin', 400],
      ['//files//../admin', 400],
    ])
  })
})

test('both at once, each route by its own', async (t) => {
  const site = await AttackedGateway.start(t, {
    paths: { ...PASS, ...KEEP },
    routes: [
      { match: { path: '/probe' } },
      { match: { path: '/both/**' } },
      { match: { path: '/slash/**' }, paths: { slashes: 'merge' } },
      { match: { path: '/runs/**' }, paths: { encodedSlash: 'refuse' } },
      { match: { path: '/none/**' }, paths: { encodedSlash: 'refuse', slashes: 'merge' } },
    ],
  })
  await sees(site, t, [
    ['/both//a%2fb', '/both//a%2Fb'],
    ['/slash//a%2fb', '/slash/a%2Fb'],
    ['/runs//a', '/runs//a'],
    ['/runs//a%2fb', 400],
    ['/none//a', '/none/a'],
    ['/none//a%2fb', 400],
    ['/both/..//none%2fa', 400],
  ])
})
