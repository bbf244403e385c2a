import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRequestTimeout, writeRequestTimeout } from '../../src/fields/request-timeout.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { fc } from '../../../../scripts/testing/property.ts'

for (const [fields, milliseconds] of [
  [{}, undefined],
  [{ 'x-request-timeout': '2' }, 2_000],
  [{ 'x-request-timeout': '0.25' }, 250],
  [{ 'x-request-timeout': '0' }, 0],
  [{ 'grpc-timeout': '1500m' }, 1_500],
  [{ 'grpc-timeout': '2H' }, 7_200_000],
  [{ 'grpc-timeout': '3M' }, 180_000],
  [{ 'grpc-timeout': '4S' }, 4_000],
  [{ 'grpc-timeout': '5000u' }, 5],
  [{ 'grpc-timeout': '5000000n' }, 5],
  [{ 'x-request-timeout': '2', 'grpc-timeout': '1S' }, 1_000],
  [{ 'x-request-timeout': '1', 'grpc-timeout': '2S' }, 1_000],
  [{ 'x-request-timeout': 'soon', 'grpc-timeout': '2S' }, 2_000],
  [{ 'x-request-timeout': '-1' }, undefined],
  [{ 'x-request-timeout': '1e3' }, undefined],
  [{ 'x-request-timeout': '1ms' }, undefined],
  [{ 'x-request-timeout': '' }, undefined],
  [{ 'grpc-timeout': '123456789S' }, undefined],
  [{ 'grpc-timeout': '1s' }, undefined],
  [{ 'grpc-timeout': 'S' }, undefined],
] as const) {
  test(`${JSON.stringify(fields)} gives ${milliseconds ?? 'no'} milliseconds`, () => {
    assert.equal(parseRequestTimeout(HeaderList.of(fields)), milliseconds)
  })
}

test('what is left is told in the fields in which the time was given, never as more than it is', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e11, noNaN: true }), (remaining) => {
      for (const name of ['x-request-timeout', 'grpc-timeout']) {
        const headers = HeaderList.of({ [name]: '1' })
        writeRequestTimeout(headers, remaining)
        assert.equal(headers.size, 1)
        const told = parseRequestTimeout(headers)
        assert.ok(
          told !== undefined && told <= remaining + 1e-6 * remaining && told > remaining - 1_001,
          `${told}`,
        )
      }
    }),
  )
  const none = HeaderList.of({ host: 'a' })
  writeRequestTimeout(none, 5)
  assert.equal(none.size, 1)
  const late = HeaderList.of({ 'grpc-timeout': '1S' })
  writeRequestTimeout(late, -5)
  assert.equal(late.get('grpc-timeout'), '1m')
})

test('a time with more digits than grpc-timeout has is told as the most that it can say', () => {
  const headers = HeaderList.of({ 'grpc-timeout': '1S' })
  writeRequestTimeout(headers, 100_000_000_000)
  assert.equal(headers.get('grpc-timeout'), '99999999S')
  assert.equal(parseRequestTimeout(headers), 99_999_999_000)
})

test('grpc-timeout is read as the specification says: up to eight digits and a unit, and nothing else', () => {
  const factors = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const
  const units = fc.constantFrom(...(Object.keys(factors) as (keyof typeof factors)[]))
  fc.assert(
    fc.property(fc.nat(99_999_999), fc.nat(8), units, (value, width, unit) => {
      const digits = String(value).padStart(width, '0')
      const read = parseRequestTimeout(HeaderList.of({ 'grpc-timeout': `${digits}${unit}` }))
      assert.equal(read, value * factors[unit])
    }),
  )
  const form = /^\d{1,8}[HMSmun]$/
  const text = fc.string({
    unit: fc.constantFrom('0', '7', 'm', 'S', 'h', ' ', '-', '.', '+'),
    maxLength: 11,
  })
  fc.assert(
    fc.property(text, (value) => {
      const headers = new HeaderList()
      headers.add('grpc-timeout', value)
      assert.equal(parseRequestTimeout(headers) !== undefined, form.test(value))
    }),
  )
})
