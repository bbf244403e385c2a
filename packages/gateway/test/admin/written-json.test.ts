import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configWith, startChanging } from '../versions/running-gateway.ts'

const gateway = await startChanging(configWith({ routes: [{ respond: { body: 'here' } }] }))

async function put(
  text: string | Uint8Array<ArrayBuffer>,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { 'content-type': 'application/json', 'if-match': '*' }
  const response = await fetch(`${gateway.admin}/config`, { method: 'PUT', headers, body: text })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('a number where a text is expected is told as it was written, with its place, and to be quoted', async () => {
  const text = '{"routes": [{"match": {"headers": {"x-version":\n 1.10}}, "respond": {"status": 200}}]}'
  const { status, body } = await put(text)
  assert.equal(status, 422)
  const [mistake] = body['mistakes'] as { message: string; hint: string; line: number; column: number }[]
  assert.match(mistake?.message ?? '', /^1\.10 /)
  assert.equal(mistake?.hint, 'a text needs quotes: "1.10"')
  assert.deepEqual([mistake?.line, mistake?.column], [2, 2])
})

test('a number that a version may be is taken as it was written', async () => {
  const version = (written: string) =>
    `{"routes": [{"name": "r", "match": {"path": "/:v"}, "upstream": "http://127.0.0.1:1",
      "apiVersions": {"path": "v", "default": ${written}, "versions": {"1.10": {}}}}]}`
  assert.equal((await put(version('1.10'))).status, 200)
  assert.equal((await put(version('1.1'))).status, 422)
})

test('what is no JSON is refused with the place and the reason', async () => {
  const refused: [string | Uint8Array<ArrayBuffer>, RegExp][] = [
    ['{"routes": [],\n"routes": []}', /line 2, column 1: the key "routes" is there twice/],
    ['{"routes": [1,]}', /there is a comma before "]"/],
    ["{'routes': []}", /JSON has double quotes only/],
    ['   ', /expected a value, found the end/],
    ['['.repeat(100_000), /nested deeper than 100 levels/],
    [new Uint8Array([0x22, 0xff, 0x22]), /not in UTF-8/],
  ]
  for (const [text, reason] of refused) {
    const { status, body } = await put(text)
    assert.equal(status, 400, String(text).slice(0, 40))
    assert.match(String(body['detail']), reason)
  }
})

test('a million unknown keys are refused with the bound', async () => {
  const keys = Array.from({ length: 1_000_000 }, (_, index) => `"k${index}":1`).join()
  const { status, body } = await put(`{${keys}}`)
  assert.equal(status, 400)
  assert.match(String(body['detail']), /more than 100000 keys/)
})
