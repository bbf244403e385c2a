import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkInput } from '../../src/config/load.ts'

/** What is warned of, as "place: problem, hint". */
async function warned(settings: object): Promise<string[]> {
  const result = await checkInput({ routes: [{ upstream: 'http://127.0.0.1:9000', ...settings }] }, '/')
  assert.ok(result.ok, JSON.stringify(result))
  return result.warnings().map(({ path, message, hint }) => `${path}: ${message}, ${hint}`)
}

describe('a variable without braces', () => {
  it('is taken as it stands, and warned of', async () => {
    for (const text of ['$API_TOKEN', 'Bearer $API_TOKEN', 'a=$API_TOKEN;b', 'https://x/$API_TOKEN/y']) {
      assert.deepEqual(await warned({ requestHeaders: { set: { 'x-key': text } } }), [
        'routes[0].requestHeaders.set.x-key: "[redacted]" has a "$" in front of a name, which is taken as it stands, the value of a variable of the environment is written ${NAME}',
      ])
    }
  })

  it('is none where a dollar sign is in a regular expression, is a price, stands for itself or has its braces', async () => {
    const env = {
      set: { 'x-a': 'US$20', 'x-b': '$1', 'x-c': '$$', 'x-d': '$${TOKEN}', 'x-e': '$lower', 'x-f': 'A$B' },
    }
    assert.deepEqual(await warned({ match: { pathRegex: '/a[$]B' }, requestHeaders: env }), [])
  })
})
