import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { shellLine } from '../shell-line.ts'
import { ask } from '../survival/http-client.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

test('a key that was made is shown once, listed, taken by a gateway that runs, and not taken any more when it is revoked', async () => {
  const cwd = folder()
  const keys = async (args: string): Promise<{ code: number | undefined; stdout: string; stderr: string }> =>
    shellLine(`npx headgate keys ${args}`, { cwd })
  const made = await keys(
    'new shop --file keys.txt --group partners --scope orders:read --scope orders:write',
  )
  const [key = ''] = made.stdout.split('\n')
  assert.match(key, /^hg_[\w-]{43}$/)
  const file = join(cwd, 'keys.txt')
  assert.ok(!readFileSync(file, 'utf8').includes(key))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.match((await keys('list --file keys.txt')).stdout, /^shop +partners +orders:read,orders:write$/m)
  const again = await keys('new shop --file keys.txt')
  assert.deepEqual([again.code, /there is a key of shop/.test(again.stderr)], [1, true])

  const config = {
    listeners: [{ address: '127.0.0.1:0' }],
    admin: false,
    workers: 1,
    authenticators: { partners: { apiKey: { keys: '${file:keys.txt}' } } },
    routes: [{ authentication: 'partners', respond: { status: 200 } }],
  }
  writeFileSync(join(cwd, 'headgate.json'), JSON.stringify(config))
  const gateway = new TestProcess(process.execPath, [HEADGATE, 'run', '-c', 'headgate.json'], { cwd })
  await gateway.print(/ready: version/)
  const [, url = ''] = await gateway.print(/"url":"(http:\/\/127\.0\.0\.1:\d+)"/)
  const status = async (): Promise<number> => (await ask(url, { headers: { 'x-api-key': key } })).status
  assert.equal(await status(), 200)
  assert.equal((await keys('revoke shop --file keys.txt')).stdout, 'the key of shop is revoked\n')
  await eventually(async () => (await status()) === 401, 'the key is not taken any more')
  assert.ok(!(gateway.stdout + gateway.stderr).includes(key))
  gateway.child.kill('SIGTERM')
  assert.equal((await gateway.finished).code, 0)
})

test('the hash of a key from elsewhere is printed, and mistakes are told', async () => {
  const cwd = folder({ 'broken.txt': 'shop sha256:abc what' })
  const run = (line: string): ReturnType<typeof shellLine> => shellLine(line, { cwd })
  const { stdout } = await run("printf 'foo\\n' | npx headgate keys hash")
  assert.equal(stdout, 'sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n')
  for (const [args, code, expected] of [
    ['mint shop', 2, /there is no action "mint"/],
    ['new', 2, /needs the name of one key/],
    ['list', 2, /needs --file/],
    ['new shop --expires soon', 2, /is not a day/],
    ['list --file nowhere.txt', 1, /cannot be read/],
    ['list --file broken.txt', 1, /has a word in line 1/],
    ['revoke nobody --file broken.txt', 1, /has a word in line 1/],
  ] as const) {
    const finished = await run(`npx headgate keys ${args}`)
    assert.deepEqual(
      [finished.code, expected.test(finished.stderr)],
      [code, true],
      `${args}: ${finished.stderr}`,
    )
  }
})
