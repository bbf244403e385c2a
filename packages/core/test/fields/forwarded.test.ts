import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  parseForwarded,
  parseForwardedNode,
  parseXForwardedFor,
  serializeForwarded,
  serializeForwardedNode,
} from '../../src/fields/forwarded.ts'
import { isFieldValue } from '../../src/message/tokens.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function parsed(value: string): Record<string, string>[] | undefined {
  // Elements have no prototype, which deepEqual would mind.
  return parseForwarded(value)?.map((element) => ({ ...element }) as Record<string, string>)
}

describe('Forwarded', () => {
  it('parses the examples of RFC 7239 section 4', () => {
    assert.deepEqual(parsed('for="_gazonk"'), [{ for: '_gazonk' }])
    assert.deepEqual(parsed('For="[2001:db8:cafe::17]:4711"'), [{ for: '[2001:db8:cafe::17]:4711' }])
    assert.deepEqual(parsed('for=192.0.2.60;proto=http;by=203.0.113.43'), [
      { for: '192.0.2.60', proto: 'http', by: '203.0.113.43' },
    ])
    assert.deepEqual(parsed('for=192.0.2.43, for=198.51.100.17'), [
      { for: '192.0.2.43' },
      { for: '198.51.100.17' },
    ])
  })

  it('takes apart neither at a comma nor at a semicolon within quotes', () => {
    assert.deepEqual(parsed('for="a,b;c=d\\"e\\\\", by=f'), [{ for: 'a,b;c=d"e\\' }, { by: 'f' }])
  })

  it('passes over empty members and white space', () => {
    assert.deepEqual(parsed(''), [])
    assert.deepEqual(parsed(' , for=a ; by=b,\t, ;for=c;,'), [{ for: 'a', by: 'b' }, { for: 'c' }])
  })

  it('a value that is not valid says nothing at all', () => {
    for (const value of [
      'for',
      'for=',
      'for=a b',
      'for =a',
      'for= a',
      '=a',
      'for=""',
      'for="a',
      'for="a\\',
      'for="a"b',
      'for=[::1]',
      'for=a;for=b',
      'for=a;FOR=b',
      'for=a, by',
      'for="a\u0000"',
      'for="\\\n"',
      'for="\u0100"',
    ]) {
      assert.equal(parseForwarded(value), undefined, value)
    }
  })

  it('reads a parameter that is named as an object has properties', () => {
    assert.deepEqual(Object.entries(parseForwarded('__proto__=a;constructor=b')?.[0] ?? {}), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })

  it('quotes what is no token', () => {
    const elements = [
      { for: '[::1]:80', proto: 'http' },
      { host: 'a.example:8080', x: 'a"\\' },
    ]
    assert.equal(
      serializeForwarded(elements),
      'for="[::1]:80";proto=http, host="a.example:8080";x="a\\"\\\\"',
    )
  })

  it('writes nothing that could end the field', () => {
    assert.throws(
      () => serializeForwarded([{ host: 'a\r\nb' }]),
      /value of host in Forwarded holds a control/,
    )
    assert.throws(() => serializeForwarded([{ 'a=b': 'c' }]), /"a=b" is not the name/)
    assert.throws(() => serializeForwardedNode('a\r\n'), /control character/)
  })

  it('what is written is read as it was', () => {
    const name = fc.stringMatching(/^[a-z!#$%&'*+.^_`|~0-9-]{1,8}$/)
    const value = fc
      .string({
        unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
        minLength: 1,
      })
      .filter(isFieldValue)
    const element = fc.dictionary(fc.oneof(fc.constantFrom('for', 'by', 'host', 'proto'), name), value, {
      minKeys: 1,
    })
    fc.assert(
      fc.property(fc.array(element), (elements) => {
        const text = serializeForwarded(elements)
        assert.ok(isFieldValue(text))
        assert.deepEqual(
          parseForwarded(text)?.map((each) => Object.entries(each)),
          elements.map((each) => Object.entries(each)),
        )
      }),
    )
  })

  it('whatever is read can be written and read again', () => {
    const soup = fc.array(fc.constantFrom('for', 'by', '=', ';', ',', '"', '\\', 'a', ' ', '[::1]', '_x'), {
      maxLength: 16,
    })
    fc.assert(
      fc.property(soup, (parts) => {
        const elements = parseForwarded(parts.join(''))
        if (elements !== undefined) assert.deepEqual(parseForwarded(serializeForwarded(elements)), elements)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a node', () => {
  it('is an address, or hides one, with or without a port', () => {
    const nodes: [string, string | undefined, string | undefined][] = [
      ['192.0.2.1', '192.0.2.1', undefined],
      ['192.0.2.1:80', '192.0.2.1', '80'],
      ['[2001:db8::1]', '2001:db8::1', undefined],
      ['[2001:db8::1]:_p', '2001:db8::1', '_p'],
      ['unknown', undefined, undefined],
      ['Unknown:80', undefined, '80'],
      ['_gw.1', undefined, undefined],
    ]
    for (const [text, address, port] of nodes)
      assert.deepEqual(parseForwardedNode(text), { address, port }, text)
  })

  it('is nothing else', () => {
    for (const text of [
      '',
      '2001:db8::1',
      '256.0.0.1',
      '[192.0.2.1]',
      '[::1',
      'a.example',
      '1.2.3.4:',
      '1.2.3.4:123456',
      '_',
    ]) {
      assert.equal(parseForwardedNode(text), undefined, text)
    }
  })

  it('is read as it was written', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(
        address,
        fc.option(fc.integer({ min: 0, max: 65535 }), { nil: undefined }),
        (name, port) => {
          const value = `for=${serializeForwardedNode(name, port)}`
          const node = parseForwardedNode(parseForwarded(value)?.[0]?.for ?? '')
          assert.deepEqual(node, { address: name, port: port === undefined ? undefined : String(port) })
        },
      ),
    )
  })
})

it('X-Forwarded-For is read with and without ports and brackets, and tells what is no address', () => {
  assert.deepEqual(parseXForwardedFor('192.0.2.1,2001:db8::1 , [2001:db8::2]:80,192.0.2.2:8080'), [
    '192.0.2.1',
    '2001:db8::1',
    '2001:db8::2',
    '192.0.2.2',
  ])
  assert.deepEqual(
    parseXForwardedFor('a.example, unknown, fe80::1%eth0, 1.2.3.4 5'),
    Array(4).fill(undefined),
  )
})

it('X-Forwarded-For has no empty members, wherever commas and blanks stand (RFC 9110 5.6.1)', () => {
  for (const list of ['192.0.2.1,', ',192.0.2.1', '192.0.2.1, ,', ', ,\t192.0.2.1 ,', ',,192.0.2.1,,']) {
    assert.deepEqual(parseXForwardedFor(list), ['192.0.2.1'], list)
  }
  assert.deepEqual(parseXForwardedFor(' , ,'), [])
})
