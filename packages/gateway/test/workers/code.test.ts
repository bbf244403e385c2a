import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { folder, HEADGATE, headgateProcess, TestProcess } from '../headgate-process.ts'

const COMMON = `listeners: [{ address: '127.0.0.1:0' }]
admin: { address: '127.0.0.1:0' }
accessLog: false
workers: 2
`

async function run(cwd: string): Promise<{ running: TestProcess; url: string }> {
  const running = new TestProcess(process.execPath, [HEADGATE, 'run'], { cwd })
  await running.print(/ready: version/)
  const [, url = ''] = await running.print(/"url":"(http[^"]+)"/)
  return { running, url }
}

async function content(url: string): Promise<string> {
  return (await fetch(url)).text()
}

test('code of a file, and what that imports, is run anew where it has changed, and stays as it was where it is broken', async () => {
  const cwd = folder({
    'headgate.yaml': `${COMMON}routes: [{ handle: ./hello.ts }, { match: { path: /named }, handle: './hello.ts#named' }]\n`,
    'hello.ts': `import { text } from 'headgate'
import { greeting } from './greeting.ts'
export default (request: Request, { log }: { log: Console }) => {
  log.info('asked', { path: new URL(request.url).pathname })
  return text(greeting)
}
export const named = (): Response => { throw new Error('the place is told') }
`,
    'greeting.ts': `export const greeting: string = 'hello'\n`,
  })
  const { running, url } = await run(cwd)
  assert.equal(await content(url), 'hello')
  await running.print(/"path":"\/","msg":"asked"/)
  assert.match(await content(`${url}/named`), /handler_failed/)
  await running.print(
    /the handler [^"]+hello\.ts#named failed: the place is told\\n {4}at \w+ \([^"]+hello\.ts:7/,
  )
  writeFileSync(join(cwd, 'greeting.ts'), `export const greeting: string = 'good day'\n`)
  await running.print(/version 2 is in force \(file\)/)
  assert.equal(await content(url), 'good day')
  writeFileSync(join(cwd, 'greeting.ts'), 'export const greeting: string = oops\n')
  await running.print(/refused[^]*handle[^]*cannot be run: ReferenceError: oops is not defined/)
  assert.equal(await content(url), 'good day')
  writeFileSync(join(cwd, 'greeting.ts'), `export const greeting: string = 'again'\n`)
  await running.print(/version 3 is in force \(file\)/)
  assert.equal(await content(url), 'again')
  running.signalGroup('SIGINT')
  assert.equal((await running.finished).code, 0)
})

test('functions in a configuration in TypeScript answer in all workers, without anything installed beside it', async () => {
  const config = (word: string): string => `import { defineConfig, json } from 'headgate'
export default defineConfig({
  listeners: [{ address: '127.0.0.1:0' }],
  admin: { address: '127.0.0.1:0' },
  accessLog: false,
  workers: 2,
  defaults: { handle: () => json('${word}') },
  routes: [{ match: { path: '/a' } }, { match: { path: '/b' }, handle: { fetch: () => json('b') } }],
})
`
  const cwd = folder({ 'headgate.config.ts': config('a') })
  const { running, url } = await run(cwd)
  assert.deepEqual([await content(`${url}/a`), await content(`${url}/b`)], ['"a"', '"b"'])
  writeFileSync(join(cwd, 'headgate.config.ts'), config('another'))
  await running.print(/version 2 is in force \(file\)/)
  assert.equal(await content(`${url}/a`), '"another"')
  running.signalGroup('SIGINT')
  assert.equal((await running.finished).code, 0)
})

const REFUSED: readonly (readonly [what: string, written: string, message: RegExp])[] = [
  [
    'a file that is not there',
    './gone.ts',
    /:2:\d+[^]*routes\[0\]\.handle[^]*cannot be run: Cannot find module/,
  ],
  ['a module that throws', './throws.ts', /cannot be run: Error: not today/],
  ['a module without a default export', './named.ts', /it has no default export[^]*it has #hello/],
  ['an export that is not there', './named.ts#bye', /exports nothing under the name bye[^]*it has #hello/],
  ['an export that is no function', './named.ts#five', /its export five is a number/],
  ['no module', '#name', /names no module/],
]

for (const [what, written, message] of REFUSED) {
  test(`headgate check refuses ${what}, and says where`, async () => {
    const cwd = folder({
      'headgate.yaml': `${COMMON.replaceAll('\n', ' #\n').split('\n')[0]}\nroutes: [{ handle: '${written}' }]\n`,
      'throws.ts': `throw new Error('not today')\n`,
      'named.ts': 'export const hello = (): Response => new Response()\nexport const five = 5\n',
    })
    const { code, stderr, stdout } = await headgateProcess(['check'], { cwd })
    assert.equal(code, 78)
    assert.match(stdout + stderr, message)
  })
}

test('explain shows what code gets, and runs none', async () => {
  const cwd = folder({
    'headgate.yaml': `routes:
  - match: { path: /handled }
    handle: ./code.ts
  - match: { path: /changed }
    upstream: http://127.0.0.1:1
    transform: { request: { by: ./code.ts }, response: { by: ./code.ts } }
    events: { by: ./code.ts }
`,
    'code.ts': `import { writeFileSync } from 'node:fs'
export default () => { writeFileSync('ran', '') }
`,
  })
  for (const [path, told] of [
    [
      '/handled',
      /leads to code of [^\n]+code\.ts\n[^]*The code, which is not run here, gets:\n {2}GET \/handled/,
    ],
    ['/changed', /The upstream gets:\n {2}GET \/changed/],
  ] as const) {
    const { stdout, stderr } = await headgateProcess(['explain', 'GET', `http://a${path}`], { cwd })
    assert.match(stdout, told, stderr)
  }
  assert.ok(!existsSync(join(cwd, 'ran')))
})

test('over the admin API no module is brought that is not in force, and one that is may be moved', async () => {
  const cwd = folder({
    'headgate.yaml': `${COMMON}routes: [{ match: { path: /a }, handle: ./code.ts }]\n`,
    'code.ts': 'export default (): Response => new Response("in force")\n',
    'brought.ts': `import { writeFileSync } from 'node:fs'
writeFileSync(${JSON.stringify('ran')}, '')
export default (): Response => new Response('brought')
`,
  })
  const { running, url } = await run(cwd)
  const [, admin = ''] = await running.print(/"admin":"(http[^"]+)"/)
  const put = async (path: string, module: string): Promise<string> => {
    const shown = (await (await fetch(`${admin}/config`)).json()) as { routes: object[] }
    const routes = [{ name: 'moved', match: { path }, handle: join(cwd, module) }]
    const body = JSON.stringify({ ...shown, routes })
    const answer = await fetch(`${admin}/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'if-match': '*' },
      body,
    })
    return `${answer.status} ${await answer.text()}`
  }
  assert.match(
    await put('/b', 'brought.ts'),
    /^422 [^]*new modules are taken from the configuration file only/,
  )
  assert.ok(!existsSync(join(cwd, 'ran')))
  assert.match(await put('/b', 'code.ts'), /^200 /)
  assert.equal(await content(`${url}/b`), 'in force')
  running.signalGroup('SIGINT')
  await running.finished
})
