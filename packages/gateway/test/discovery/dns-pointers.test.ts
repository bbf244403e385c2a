import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeAnswer } from '../../src/discovery/dns-message.ts'
import { cpuTimeOf } from '../../../../scripts/testing/cpu-time.ts'

const NAME_AT = 12
const POINTER = 0xc000
const TCP_MESSAGE = 65_535
const A_RECORD = Buffer.from('00010001000000050004c0000201', 'hex')

function pointer(target: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(POINTER | target)
  return bytes
}

/** A response without a question: a record of a type that nobody knows, which holds `names`, and as many A records as fit whose name is at `target`. */
function response(names: Buffer, target: number, size = TCP_MESSAGE): Buffer {
  const held = Buffer.from('00ff000001000000000000', 'hex')
  held.writeUInt16BE(names.length, 9)
  const record = Buffer.concat([pointer(target), A_RECORD])
  const count = Math.floor((size - NAME_AT - held.length - names.length) / record.length)
  const header = Buffer.from('000081800000000000000000', 'hex')
  header.writeUInt16BE(count + 1, 6)
  return Buffer.concat([header, held, names, ...Array.from({ length: count }, () => record)])
}

const NAMES_AT = NAME_AT + 11

/** Each pointer leads to the one before it, after as many labels as are given. */
function row(length: number, labels = 0): { names: Buffer; last: number } {
  const parts = [Buffer.from([1, 0x61, 0])]
  let [last, end] = [NAMES_AT, NAMES_AT + 3]
  for (let index = 0; index < length; index++) {
    const own = Buffer.concat([Buffer.from('0161'.repeat(labels), 'hex'), pointer(last)])
    parts.push(own)
    ;[last, end] = [end, end + own.length]
  }
  return { names: Buffer.concat(parts), last }
}

/** Groups of pointers to pointers, each group behind a label. */
function groups(count: number, each: number): { names: Buffer; last: number } {
  const parts = [Buffer.from([1, 0x61, 0])]
  let [last, end] = [NAMES_AT, NAMES_AT + 3]
  for (let index = 0; index < count * each; index++) {
    const own = Buffer.concat([Buffer.from(index % each === 0 ? '0161' : '', 'hex'), pointer(last)])
    parts.push(own)
    ;[last, end] = [end, end + own.length]
  }
  return { names: Buffer.concat(parts), last }
}

for (const [what, { names, last }] of [
  ['one long row of pointers', row(8_000)],
  ['a row of 1,000 pointers', row(1_000)],
  ['a row as long as a name has labels', row(127)],
  ['rows of pointers between labels', groups(60, 127)],
] as const) {
  test(`an answer all of whose records follow ${what} is refused, at little work`, () => {
    const message = response(names, last)
    const read = (): void =>
      assert.throws(() => decodeAnswer(message, 'a', 'A'), /names that point to each other too often/)
    read() // what is compiled late is not measured
    const took = Math.min(cpuTimeOf(read), cpuTimeOf(read), cpuTimeOf(read))
    assert.ok(took < 100, `${took} ms`)
  })
}

test('answers as servers send them are read: as many records as fit, with a name of many labels that is there once', () => {
  for (const labels of [1, 10, 60, 100]) {
    const names = Buffer.from(`${'0161'.repeat(labels)}00`, 'hex')
    const { addresses } = decodeAnswer(response(names, NAMES_AT), 'a', 'A')
    assert.ok(addresses.length > 4_000)
    assert.equal(addresses.at(-1)?.name, Array.from({ length: labels }, () => 'a').join('.'))
  }
})

test('names that share their ends, one after the other, are read', () => {
  const { names, last } = row(20, 1)
  const { addresses } = decodeAnswer(response(names, last, 1_232), 'a', 'A')
  assert.equal(addresses[0]?.name, Array.from({ length: 21 }, () => 'a').join('.'))
})
