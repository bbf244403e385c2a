import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeaderLine } from '../../src/message/header-line.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const name = fc.constantFrom('host', 'Accept', 'accept', 'X-Trace', 'x-trace', 'set-cookie')
const value = fc.constantFrom('', 'a', 'b, c', 'caf\u00e9')
const operation = fc.oneof(
  fc.record({ kind: fc.constantFrom('append' as const, 'set' as const), name, value }),
  fc.record({ kind: fc.constant('delete' as const), name }),
  fc.record({ kind: fc.constant('retain' as const), name }),
)

test('a list behaves as the plain list of pairs that it stands for', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
      const headers = new HeaderList()
      let model: [string, string][] = []
      for (const each of operations) {
        const lower = each.name.toLowerCase()
        const others = model.filter(([key]) => key !== lower)
        if (each.kind === 'append') {
          headers.append(each.name, each.value)
          model.push([lower, each.value])
        } else if (each.kind === 'set') {
          headers.set(each.name, each.value)
          model = [...others, [lower, each.value]]
        } else if (each.kind === 'delete') {
          headers.delete(lower)
          model = others
        } else {
          headers.retain((key, kept) => key !== kept, lower)
          model = others
        }
      }
      assert.deepEqual(pairs(headers), model)
      assert.equal(headers.size, model.length)
      for (const key of ['host', 'accept', 'x-trace', 'set-cookie', 'absent']) {
        const values = model.filter(([each]) => each === key).map(([, each]) => each)
        assert.deepEqual(headers.getAll(key), values)
        assert.equal(headers.get(key), values.length === 0 ? undefined : values.join(', '))
        assert.equal(headers.has(key), values.length > 0)
      }
    }),
  )
})

test('a line that stands in two lists is removed, or replaced, in one of them alone', () => {
  const line = new HeaderLine('x-trace', 'a')
  const [one, other] = [new HeaderList(), new HeaderList()]
  for (const headers of [one, other]) headers.addLine(line)
  const copy = one.clone()
  one.retainLines((each, unwanted) => each !== unwanted, line)
  other.putLine(new HeaderLine('x-trace', 'b'))
  assert.deepEqual([one, other, copy].map(pairs), [[], [['x-trace', 'b']], [['x-trace', 'a']]])
})

function pairs(headers: HeaderList): [string, string][] {
  return [...headers].map((field) => [field.name, field.value])
}

test('a list is made of pairs or of an object, and remembers the order', () => {
  const fields: [string, string][] = [
    ['b', '1'],
    ['a', '2'],
    ['b', '3'],
  ]
  assert.deepEqual(pairs(HeaderList.of(fields)), fields)
  assert.deepEqual(pairs(HeaderList.of({ B: '1', a: '2' })), [
    ['b', '1'],
    ['a', '2'],
  ])
})

test('lines are found by their place', () => {
  const headers = HeaderList.of([
    ['a', '1'],
    ['b', '2'],
  ])
  assert.equal(headers.nameAt(1), 'b')
  assert.equal(headers.valueAt(1), '2')
})

test('a copy is independent', () => {
  const headers = HeaderList.of({ a: '1' })
  const copy = headers.clone()
  copy.set('a', '2')
  copy.append('b', '3')
  assert.deepEqual(pairs(headers), [['a', '1']])
})

test('no value can begin a line of its own, and the message does not repeat it', () => {
  for (const bad of ['\r', '\n', '\0', '\x7f', '\x01', '\u0100', '\u{1f600}']) {
    for (const text of [`${bad}secret`, `secret${bad}secret`, `secret${bad}`]) {
      for (const change of ['append', 'set'] as const) {
        const headers = HeaderList.of({ a: '1' })
        assert.throws(
          () => headers[change]('a', text),
          (error) =>
            error instanceof TypeError && /field a /.test(error.message) && !error.message.includes('secret'),
        )
        assert.deepEqual(pairs(headers), [['a', '1']])
      }
    }
  }
  HeaderList.of({ a: 'tab\tand caf\u00e9' })
})

test('a name is a token, nothing else', () => {
  for (const bad of ['', ' a', 'a ', 'a b', 'a:', 'a\r\n', '\u00e9', 'a\0', '(a)', 'a,b', '\u212a']) {
    assert.throws(() => HeaderList.of([[bad, '1']]), { name: 'TypeError' }, JSON.stringify(bad))
  }
  assert.equal(HeaderList.of({ "!#$%&'*+-.^_`|~09": '1' }).size, 1)
})

test('a field that was written as a name alone is refused without its value', () => {
  const wrong = { 'Authorization: Bearer t0k3n': '' }
  assert.throws(
    () => HeaderList.of(wrong),
    /^TypeError: "Authorization:…" is not a header field name: use letters/,
  )
})
