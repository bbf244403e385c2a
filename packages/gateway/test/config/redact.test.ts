import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configJsonSchema } from '../../src/config/json-schema/json-schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { redact } from '../../src/settings/redact.ts'
import { redactContent, redactUrls } from '../../src/settings/redact-text.ts'

test('credentials of URLs are hidden, wherever they stand', () => {
  const cases: [string, string][] = [
    ['http://user:pass@host/a', 'http://[redacted]@host/a'],
    ['see redis://:p@ss/w@rd@host:1 now', 'see redis://[redacted]@host:1 now'],
    ['http://a@b and http://c@d', 'http://[redacted]@b and http://[redacted]@d'],
    ['http://host/path', 'http://host/path'],
    ['user@host', 'user@host'],
  ]
  for (const [text, expected] of cases) assert.equal(redactUrls(text), expected)
})

test('settings that the schema marks as secret are hidden, at any depth and in any form', () => {
  const secret = { type: 'string', writeOnly: true }
  const schema = {
    properties: {
      token: secret,
      list: { items: { properties: { key: secret, name: { type: 'string' } } } },
      either: { anyOf: [{ const: false }, { type: 'string' }], writeOnly: true },
      named: {
        additionalProperties: {
          anyOf: [{ const: false }, { properties: { keys: { ...secret, items: secret } } }],
        },
      },
    },
  }
  const value = {
    token: 'a',
    list: [{ key: 'b', name: 'shown' }, { name: 'url http://x:y@z' }],
    named: { one: { keys: ['c', 'd'] }, two: false },
    either: 'e',
    port: 1,
    nothing: undefined,
  }
  assert.deepEqual(redact(value, schema), {
    token: '[redacted]',
    list: [{ key: '[redacted]', name: 'shown' }, { name: 'url http://[redacted]@z' }],
    named: { one: { keys: '[redacted]' }, two: false },
    either: '[redacted]',
    port: 1,
    nothing: undefined,
  })
})

test('secrets in texts are hidden by what stands around them, and nothing else is', () => {
  const cases: readonly [text: string, expected: string][] = [
    ['https://a.example/cb#access_token=x1&page=2', 'https://a.example/cb#access_token=[redacted]&page=2'],
    ['/cb?page=1#top', '/cb?page=1#top'],
    ['/cb?sig=x1#key=x2', '/cb?sig=[redacted]#key=[redacted]'],
    [
      'AWS4-HMAC-SHA256 Credential=x1/20260101, SignedHeaders=host;date, Signature=x2',
      'AWS4-HMAC-SHA256 Credential=[redacted], SignedHeaders=host;date, Signature=[redacted]',
    ],
    ['GoogleLogin auth=x1', 'GoogleLogin auth=[redacted]'],
    ['Digest username="u", nonce="n", response="x1"', 'Digest [redacted]'],
    ['Hawk id="a", mac="x1"', 'Hawk [redacted]'],
    ['id=1; page=2, q="a b"', 'id=1; page=2, q="a b"'],
  ]
  const schema = { type: 'string' }
  for (const [text, expected] of cases) assert.equal(redact(text, schema), expected)
  const bodies: readonly [text: string, expected: string][] = [
    ['<a><password>x1</password></a>', '<a><password>[redacted]</password></a>'],
    ['<ns:Token id="1">x1</ns:Token>', '<ns:Token id="1">[redacted]</ns:Token>'],
    ['<p>key</p>', '<p>key</p>'],
  ]
  for (const [text, expected] of bodies) assert.equal(redactContent(text), expected)
})

test('a configuration without secrets is shown as it is', () => {
  const tls = { cert: '/etc/cert.pem', key: '/etc/key.pem' }
  const result = parseConfig({
    listeners: [{ address: ':8443', tls }],
    routes: [{ upstream: 'http://127.0.0.1:9000' }],
  })
  assert.ok(result.ok)
  assert.deepEqual(redact(result.config, configJsonSchema()), result.config)
})
