import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folder } from '../headgate-process.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

const KEYS = '/authenticators/partners/keys'

async function start() {
  const cwd = folder()
  writeFileSync(join(cwd, 'keys.txt'), '# keys of partners\n', { mode: 0o640 })
  const config = (body: string): Record<string, unknown> =>
    configWith({
      reload: { watch: false },
      authenticators: { partners: { apiKey: { keys: '${file:keys.txt}' } } },
      routes: [{ name: 'it', authentication: 'partners', respond: { body } }],
    })
  const gateway = await startChanging(config('first'), {}, cwd)
  const ask = async (key: string): Promise<string> => {
    const response = await fetch(gateway.url, { headers: { 'x-api-key': key } })
    return response.status === 200 ? response.text() : String(response.status)
  }
  return { gateway, config, ask, file: () => readFileSync(join(cwd, 'keys.txt'), 'utf8') }
}

describe('API keys by the admin API', () => {
  it('are made, shown once, taken at once, listed, and revoked at once; each is on record without the key', async () => {
    const { gateway, ask, file } = await start()
    const facts = {
      name: 'shop',
      groups: ['gold'],
      scopes: ['orders:read'],
      expires: '2099-01-31',
      metadata: { owner: 'anna' },
    }
    const made = await gateway.call('POST', KEYS, { body: facts })
    const { key, ...told } = made.body
    assert.equal(made.status, 201)
    assert.deepEqual(told, facts)
    assert.equal(await ask(String(key)), 'first')
    assert.match(
      file(),
      /^# keys of partners\nshop sha256:[0-9a-f]{64} groups=gold scopes=orders:read expires=2099-01-31 owner=anna\n$/,
    )
    const listed = await gateway.call('GET', KEYS)
    assert.deepEqual(listed.body, { keys: [facts] })
    const [line = ''] = await gateway.process.print(/.*"operation":"makeKey".*/)
    assert.match(line, /API key of shop for partners/)
    assert.equal((await gateway.call('DELETE', `${KEYS}/shop`)).status, 200)
    assert.equal(await ask(String(key)), '401')
    assert.equal(file(), '# keys of partners\n')
    await gateway.process.print(/"operation":"revokeKey"/)
    for (const text of [gateway.process.stdout, gateway.process.stderr, JSON.stringify(listed.body)])
      assert.ok(!text.includes(String(key)) && !text.includes('sha256:'))
  })

  it('put nothing else in force that has changed in the configuration meanwhile', async () => {
    const { gateway, config, ask } = await start()
    gateway.write(config('second'))
    const { body } = await gateway.call('POST', KEYS, { body: { name: 'shop' } })
    assert.equal(await ask(String(body['key'])), 'first')
  })

  it('leave no key behind that cannot be put in force, and take nothing that a line cannot hold', async () => {
    const { gateway, file } = await start()
    const refused: [object, RegExp][] = [
      [{}, /name must be/],
      [{ name: 'a', more: 1 }, /no "more"/],
      [{ name: 'a', groups: ['b c'] }, /without blanks/],
      [{ name: 'a', scopes: ['b\nroot sha256:x'] }, /without blanks/],
      [{ name: 'a', expires: 'soon' }, /a day/],
      [{ name: 'a', metadata: { scopes: 'admin' } }, /none of groups, scopes/],
    ]
    for (const [body, expected] of refused) {
      const answer = await gateway.call('POST', KEYS, { body })
      assert.equal(answer.status, 400, JSON.stringify(body))
      assert.match(String(answer.body['detail']), expected)
    }
    // No name of a group, as the setting says, though a line could hold it.
    const answer = await gateway.call('POST', KEYS, { body: { name: 'a', groups: ['!'] } })
    assert.equal(answer.status, 500)
    assert.equal(file(), '# keys of partners\n')
  })
})
