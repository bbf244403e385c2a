import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configJsonSchema } from '../../src/config/json-schema/json-schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { redact } from '../../src/settings/redact.ts'
import { restoreRedacted } from '../../src/config/restore-redacted.ts'
import { differencesOf } from '../../src/versions/diff.ts'

const schema = configJsonSchema()
const route = (name: string, secret: string, path = `/${name}`) => ({
  name,
  match: { path },
  respond: { body: name },
  responseHeaders: { set: { 'x-api-key': secret } },
})
const CURRENT = {
  routes: [
    route('a', 'secret of a'),
    route('b', 'secret of b'),
    {
      ...route('c', 'secret of c'),
      match: { any: [{ headers: { authorization: 'one' } }, { headers: { authorization: 'two' } }] },
    },
  ],
}
type Config = typeof CURRENT

/** What becomes of what was shown, changed by somebody and sent back. */
function sentBack(change: (shown: Config) => unknown): Config {
  const shown = redact(CURRENT, schema) as Config
  assert.doesNotMatch(JSON.stringify(shown), /secret of|"one"/)
  return restoreRedacted(change(structuredClone(shown)), CURRENT, shown).input as Config
}

describe('what was shown in place of a secret', () => {
  it('is that secret again where it is sent back', () => {
    assert.deepEqual(
      sentBack((shown) => shown),
      CURRENT,
    )
  })

  it('follows the name of its route, wherever that is moved, and whatever else is changed in it', () => {
    const back = sentBack(({ routes: [a, b, c] }) => ({ routes: [c, { ...b, priority: 3 }, a] }))
    assert.deepEqual(
      back.routes.map((each) => each.responseHeaders.set['x-api-key']),
      ['secret of c', 'secret of b', 'secret of a'],
    )
  })

  it('does not lend a secret to another place', () => {
    const back = sentBack(({ routes: [a] }) => ({ routes: [{ ...a, name: 'stranger' }] }))
    assert.equal(back.routes[0]?.responseHeaders.set['x-api-key'], '[redacted]')
    const result = parseConfig(back)
    assert.ok(!result.ok)
    assert.match(
      result.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'),
      /^routes\[0\]\.responseHeaders\.set\.x-api-key: "\[redacted\]" stands for a secret that is not shown$/,
    )
  })

  it('is refused where nobody can say which of two secrets is meant', () => {
    const back = sentBack((shown) => {
      const any = shown.routes[2]?.match as { any: unknown[] }
      any.any = [any.any[1]]
      return shown
    })
    assert.equal(parseConfig(back).ok, false)
  })

  it('is an ordinary word where no secret could be', () => {
    const body = 'Keys are shown as [redacted].'
    assert.ok(parseConfig({ routes: [{ respond: { body } }] }).ok)
  })

  for (const [place, more] of Object.entries({
    'a field': { requestHeaders: { set: { authorization: '[redacted]' } } },
    'a parameter of a URL': { redirect: { location: 'https://x.example/?token=[redacted]' } },
    'the content of an answer': { respond: { body: '{"password":"[redacted]"}' } },
    'a condition': { match: { cookies: { session: ['[redacted]'] } } },
  })) {
    it(`is no secret itself: in a file, ${place} with it is refused`, () => {
      const target = 'redirect' in more || 'respond' in more ? {} : { upstream: 'http://127.0.0.1:1' }
      const result = parseConfig({ routes: [{ ...target, ...more }] })
      assert.ok(!result.ok)
      assert.match(JSON.stringify(result.problems), /stands for a secret that is not shown/)
    })
  }
})

describe('the differences of two configurations', () => {
  it('tell that a secret has changed, and neither what it was nor what it is', () => {
    const after = structuredClone(CURRENT)
    Object.assign(after.routes[1]?.responseHeaders.set ?? {}, { 'x-api-key': 'another secret of b' })
    const shown = (whole: unknown) => ({ whole, shown: redact(whole, schema) })
    assert.deepEqual(differencesOf(shown(CURRENT), shown(after)), [
      {
        path: 'routes.b.responseHeaders.set.x-api-key',
        before: '[redacted]',
        after: '[redacted] (changed)',
      },
    ])
  })
})
