import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalAuthority, InvalidTarget } from '../../src/message/target.ts'
import { AddressGuard, type AddressGuardOptions, type Verdict } from '../../src/upstream/guard/guard.ts'
import { LOCAL_NAMES, NAMES, PUBLIC_ADDRESSES, REFUSED_ADDRESSES, REFUSED_SPELLINGS } from './guard-corpus.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function judge(host: string, options: AddressGuardOptions = {}, port = 443): Verdict {
  return new AddressGuard(options).judge({ host, port, scheme: 'https' })
}

function judgeAnswers(
  host: string,
  addresses: readonly string[],
  options: AddressGuardOptions = {},
): Verdict {
  return new AddressGuard(options).judgeAnswers(
    host,
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  )
}

function reason(verdict: Verdict): string {
  assert.ok(!verdict.allowed, 'it must be refused')
  return verdict.reason
}

/** The ways by which a host of a URL comes to the guard: as it is, through our canonical form, through that of browsers. */
function doors(host: string): string[] {
  const reached = [host]
  const authority = canonicalAuthority(host, 80)
  if (!(authority instanceof InvalidTarget)) reached.push(authority.host)
  if (!URL.canParse(`http://${host}/`)) return reached
  const { hostname } = new URL(`http://${host}/`)
  const canonical = canonicalAuthority(hostname, 80)
  if (!(canonical instanceof InvalidTarget)) reached.push(canonical.host)
  return [...reached, hostname]
}

const forms = [...Object.values(REFUSED_ADDRESSES).flat(), ...REFUSED_SPELLINGS, ...LOCAL_NAMES]

test('the corpus has more than three hundred different forms that are to be refused', () => {
  assert.ok(new Set(forms).size > 300, String(new Set(forms).size))
})

for (const [kind, hosts] of Object.entries(REFUSED_ADDRESSES)) {
  test(`refused, by whatever way it comes: ${kind}`, () => {
    for (const host of hosts) {
      for (const door of doors(host)) assert.equal(judge(door).allowed, false, `${host} as ${door}`)
    }
  })
}

test('refused: spellings that somebody could read as an address, or nobody as a host', () => {
  for (const host of REFUSED_SPELLINGS) {
    for (const door of doors(host)) assert.equal(judge(door).allowed, false, JSON.stringify([host, door]))
  }
})

test('refused without asking anybody: names of this machine', () => {
  for (const host of LOCAL_NAMES)
    for (const door of doors(host)) assert.equal(judge(door).allowed, false, door)
})

test('allowed, and pinned to the one address that is meant: public addresses', () => {
  for (const host of PUBLIC_ADDRESSES) {
    const verdict = judge(host)
    assert.ok(verdict.allowed && verdict.addresses?.length === 1, host)
  }
  assert.deepEqual(judge('0x08.0x080808'), { allowed: true, addresses: [{ address: '8.8.8.8', family: 4 }] })
})

test('allowed to be asked for: names', () => {
  for (const host of NAMES) assert.deepEqual(judge(host), { allowed: true }, host)
})

test('no answer of DNS is believed that is not public, and one such condemns the others', () => {
  assert.equal(judgeAnswers('a.example', ['8.8.8.8', '2606:4700::1111']).allowed, true)
  for (const bad of [
    '127.0.0.1',
    '::1',
    '10.1.2.3',
    '::ffff:169.254.169.254',
    'fe80::1%eth0',
    'nonsense',
    '',
  ]) {
    for (const answers of [[bad], ['8.8.8.8', bad], [bad, '8.8.8.8']]) {
      assert.equal(judgeAnswers('a.example', answers).allowed, false, answers.join())
    }
  }
  assert.equal(judgeAnswers('a.example', []).allowed, false)
})

test('the reason tells the address, where it leads, and the IPv4 address within', () => {
  assert.match(reason(judgeAnswers('a.example', ['10.1.2.3'])), /resolves to 10\.1\.2\.3: .*private network/)
  assert.match(
    reason(judge('[64:ff9b::a00:1]')),
    /private network \(RFC 1918\), as 10\.0\.0\.1 within \(NAT64\)/,
  )
  assert.match(reason(judge('169.254.169.254')), /metadata/)
  assert.match(reason(judge('256.1.1.1')), /ends in a number/)
})

test('only a peer that was judged is a peer', () => {
  const guard = new AddressGuard()
  const judged = [
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700::1', family: 6 },
  ] as const
  assert.equal(guard.judgePeer('8.8.8.8', judged).allowed, true)
  assert.equal(guard.judgePeer('::ffff:8.8.8.8', judged).allowed, true)
  assert.equal(guard.judgePeer('2606:4700:0::0:1', judged).allowed, true)
  for (const other of ['8.8.4.4', '::ffff:127.0.0.1', ''])
    assert.equal(guard.judgePeer(other, judged).allowed, false)
})

/** Puts an IPv4 address into IPv6, in each way in which something on the path may take it out again. */
const FORMS: Readonly<Record<string, (address: readonly number[]) => string>> = {
  mapped: (address) => `::ffff:${address.join('.')}`,
  NAT64: (address) => `64:ff9b::${address.join('.')}`,
  '6to4': (address) => `2002:${hex(address)}::1`,
  'Teredo client': (address) => `2001:0:808:808:0:0:${hex(address.map((byte) => byte ^ 0xff))}`,
  'Teredo server': (address) => `2001:0:${hex(address)}:0:0:f7f7:f7f7`,
  ISATAP: (address) => `2606:4700::5efe:${address.join('.')}`,
  'ISATAP, global': (address) => `2606:4700::200:5efe:${address.join('.')}`,
}

/** Obsolete or of one's own network: refused, whatever is within. */
const REFUSED_FORMS: Readonly<Record<string, (address: readonly number[]) => string>> = {
  compatible: (address) => `::${address.join('.')}`,
  translated: (address) => `::ffff:0:${address.join('.')}`,
  'local NAT64': (address) => `64:ff9b:1::${address.join('.')}`,
}

function hex([a = 0, b = 0, c = 0, d = 0]: readonly number[]): string {
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

const byte = fc.integer({ min: 0, max: 255 })
const anyIPv4 = fc.tuple(byte, byte, byte, byte)
const IPV4 = fc.oneof(
  anyIPv4,
  // What chance would hardly meet.
  fc
    .tuple(
      fc.constantFrom([10], [127], [169, 254], [192, 168], [172, 16], [100, 64], [198, 18], [192, 0, 2]),
      anyIPv4,
    )
    .map(([prefix, rest]) => [...prefix, ...rest].slice(0, 4)),
)

for (const [name, embed] of Object.entries(FORMS)) {
  test(`an IPv4 address is judged the same within IPv6: ${name}`, () => {
    fc.assert(
      fc.property(IPV4, (address) => {
        const inside = embed(address)
        assert.equal(judge(`[${inside}]`).allowed, judge(address.join('.')).allowed, inside)
        const options = { deny: ['9.0.0.0/8'], allow: ['10.0.0.0/8', '127.0.0.1'] }
        assert.equal(
          judge(inside, options).allowed,
          judge(address.join('.'), options).allowed || false,
          inside,
        )
      }),
      { examples: [[[10, 0, 0, 1]], [[127, 0, 0, 1]], [[9, 9, 9, 9]]] },
    )
  })
}

test('obsolete and local forms of IPv4 in IPv6 are refused, whatever is within', () => {
  fc.assert(
    fc.property(anyIPv4, fc.constantFrom(...Object.values(REFUSED_FORMS)), (address, embed) => {
      assert.equal(judge(embed(address)).allowed, false)
      assert.equal(judgeAnswers('a.example', [embed(address)]).allowed, false)
    }),
  )
})

test('an address is judged the same in every form that inet_aton reads', () => {
  fc.assert(
    fc.property(
      IPV4,
      fc.array(fc.constantFrom(10, 8, 16), { minLength: 4, maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      (address, bases, parts) => {
        const tail = address.slice(parts - 1).reduce((sum, each) => sum * 256 + each, 0)
        const numbers = [...address.slice(0, parts - 1), tail]
        const host = numbers.map((value, index) => written(value, bases[index] ?? 10)).join('.')
        assert.deepEqual(judge(host), judge(address.join('.')), host)
        assert.deepEqual(judge(new URL(`http://${host}`).hostname), judge(host), 'as browsers read it')
      },
    ),
  )
})

function written(value: number, base: number): string {
  const prefix = base === 16 ? '0x' : base === 8 ? '0' : ''
  return `${prefix}${value.toString(base)}`
}

test('nothing that is thrown at it makes it throw, and what it allows is a name or a public address', () => {
  const wild = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdefx.:[]%'.split('')) }),
    fc.ipV6(),
    fc.ipV4(),
  )
  fc.assert(
    fc.property(wild, (host) => {
      const verdict = judge(host)
      if (!verdict.allowed) return
      if (verdict.addresses === undefined) assert.match(host, /^[\w.-]+$/)
      else
        assert.equal(
          judgeAnswers(
            host,
            verdict.addresses.map(({ address }) => address),
          ).allowed,
          true,
        )
    }),
    { numRuns: 2_000 },
  )
})

test('ports beside 80 and 443 are refused unless they are named', () => {
  for (const port of [80, 443]) assert.equal(judge('8.8.8.8', {}, port).allowed, true)
  for (const port of [0, 22, 25, 6379, 8080, 65_535, 70_000, Number.NaN]) {
    assert.match(reason(judge('8.8.8.8', {}, port)), /^port .* is not allowed$/)
  }
  assert.equal(judge('8.8.8.8', { ports: [8080] }, 8080).allowed, true)
  assert.equal(judge('8.8.8.8', { ports: [8080] }, 8081).allowed, false)
  assert.equal(judge('8.8.8.8', { ports: 'any' }, 8081).allowed, true)
  assert.equal(judge('8.8.8.8', { ports: 'any' }, 6379).allowed, false)
  assert.equal(judge('8.8.8.8', { ports: [6379] }, 6379).allowed, true)
})

test('schemes can be restricted', () => {
  const guard = new AddressGuard({ schemes: ['https'] })
  assert.equal(guard.judge({ host: '8.8.8.8', port: 80, scheme: 'http' }).allowed, false)
  assert.equal(guard.judge({ host: '8.8.8.8', port: 443, scheme: 'https' }).allowed, true)
})

test('a network that is allowed opens itself, in every form, and nothing beside it', () => {
  const options = { allow: ['10.1.0.0/16', 'fd12::/16', '::1'] }
  for (const host of [
    '10.1.2.3',
    '[::ffff:10.1.2.3]',
    '[64:ff9b::a01:203]',
    '[fd12::1]',
    '[::1]',
    '167838211',
  ]) {
    assert.equal(judge(host, options).allowed, true, host)
  }
  for (const host of ['10.2.2.3', '127.0.0.1', '[fd13::1]', '[::a01:203]']) {
    assert.equal(judge(host, options).allowed, false, host)
  }
  assert.equal(judge('10.1.2.3', { allow: ['::ffff:10.1.0.0/112'] }).allowed, true)
})

test('a network that is denied stays so in every form, for names that are trusted as well', () => {
  const options = { deny: ['8.8.8.0/24'], allow: ['8.8.0.0/16'], allowHosts: ['a.example'] }
  for (const host of ['8.8.8.8', '[::ffff:8.8.8.8]', '[2002:808:808::]'])
    assert.equal(judge(host, options).allowed, false)
  assert.equal(judgeAnswers('a.example', ['8.8.8.8'], options).allowed, false)
  assert.equal(judge('8.8.4.4', options).allowed, true)
})

test('a host that is trusted may lead into one’s own network, but not to a metadata service', () => {
  const options = { allowHosts: ['api.internal', '*.Corp.example', 'localhost', '10.0.0.7'] }
  for (const host of ['api.internal', 'API.internal.', 'a.corp.example', 'a.b.corp.example']) {
    assert.equal(judgeAnswers(host, ['10.0.0.1', '::1'], options).allowed, true, host)
  }
  for (const host of [
    'x.api.internal',
    'corp.example',
    'evilcorp.example',
    'corp.example.evil',
    'internal',
  ]) {
    assert.equal(judgeAnswers(host, ['10.0.0.1'], options).allowed, false, host)
  }
  assert.equal(judge('localhost', options).allowed, true)
  assert.equal(judge('10.0.0.7', options).allowed, true)
  assert.equal(judge('10.0.0.8', options).allowed, false)
  assert.equal(judgeAnswers('api.internal', ['169.254.169.254'], options).allowed, false)
  assert.equal(judgeAnswers('api.internal', ['64:ff9b::a9fe:a9fe'], options).allowed, false)
})

test('a metadata service is opened by its own address only', () => {
  assert.equal(judge('169.254.169.254', { allow: ['169.254.0.0/16'] }).allowed, false)
  assert.equal(judge('169.254.1.1', { allow: ['169.254.0.0/16'] }).allowed, true)
  assert.equal(judge('169.254.169.254', { allow: ['169.254.169.254'] }).allowed, true)
  assert.equal(judge('[fd00:ec2::254]', { allow: ['fc00::/7'] }).allowed, false)
})

test('an option that is not valid is named, with its value and what is allowed', () => {
  for (const [options, message] of [
    [
      { allow: ['10.0.0.0/33'] },
      /guard\.allow: "10\.0\.0\.0\/33" is not valid; allowed: an address or a network/,
    ],
    [{ allow: ['10.0.0.1/8'] }, /no bits behind the prefix/],
    [{ deny: ['example.com'] }, /guard\.deny: "example\.com"/],
    [{ allowHosts: ['*'] }, /guard\.allowHosts: "\*"/],
    [{ allowHosts: ['a.*.example'] }, /guard\.allowHosts/],
    [{ allowHosts: ['*.0.0.1'] }, /guard\.allowHosts/],
    [{ ports: [0] }, /guard\.ports: 0 is not valid; allowed: a port from 1 to 65535/],
    [{ schemes: ['ftp' as 'http'] }, /guard\.schemes: "ftp"/],
  ] as const) {
    assert.throws(() => new AddressGuard(options), { name: 'TypeError', message })
  }
})
