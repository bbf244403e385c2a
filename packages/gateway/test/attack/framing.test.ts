import { test } from 'node:test'
import { AttackedGateway, type Meaning } from './attacked-gateway.ts'

const POST = 'POST /framed HTTP/1.1\r\nhost: a\r\n'
const POST_1_0 = 'POST /framed HTTP/1.0\r\nhost: a\r\n'
const NO_CHUNKS = '\r\n0\r\n\r\n'
const HELLO: Meaning = { method: 'POST', target: '/framed', body: 'hello' }

test('a Content-Length that is in doubt is refused', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, value] of [
    ['with a plus sign', '+5'],
    ['with a minus sign', '-5'],
    ['minus zero', '-0'],
    ['plus zero', '+0'],
    ['hexadecimal', '0x5'],
    ['hexadecimal without a prefix', 'a'],
    ['octal with a prefix', '0o5'],
    ['with an exponent', '5e0'],
    ['with a fraction', '5.0'],
    ['with a separator', '1_0'],
    ['with a group of digits', '1,000'],
    ['a list of equal values', '5,5'],
    ['a list of equal values with a space', '5, 5'],
    ['a list of different values', '5, 6'],
    ['a list with an empty member', '5,'],
    ['a list that starts with an empty member', ',5'],
    ['empty', ''],
    ['of blanks only', ' \t '],
    ['with a space inside', '5 5'],
    ['with a tab inside', '5\t5'],
    ['with text behind it', '5 bytes'],
    ['in quotes', '"5"'],
    ['with a semicolon', '5;a=b'],
    ['2^53', '9007199254740992'],
    ['2^63', '9223372036854775808'],
    ['2^64 + 5', '18446744073709551621'],
    ['of 400 digits', '9'.repeat(400)],
    ['with so many zeros in front that others cut it', `${'0'.repeat(20)}5`],
    ['with a byte beyond ASCII', '5\xb2'],
    ['with a digit of another script', '\xd9\xa5'],
    ['chunked', 'chunked'],
    ['not a number', 'NaN'],
    ['infinite', 'Infinity'],
  ] as const) {
    await t.test(name, () => site.refuses(`${POST}content-length: ${value}\r\n\r\nhello`))
  }
  for (const [name, fields] of [
    ['twice the same', 'content-length: 5\r\ncontent-length: 5\r\n'],
    ['two different ones', 'content-length: 5\r\ncontent-length: 6\r\n'],
    ['two in other spellings', 'Content-Length: 5\r\nCONTENT-LENGTH: 5\r\n'],
    ['two, the first empty', 'content-length:\r\ncontent-length: 5\r\n'],
    ['two, far apart', `content-length: 5\r\n${'x: y\r\n'.repeat(50)}content-length: 0\r\n`],
    ['two of zero, without a body', 'content-length: 0\r\ncontent-length: 0\r\n'],
    ['a blank before the colon', 'content-length : 5\r\n'],
    ['a tab before the colon', 'content-length\t: 5\r\n'],
    ['a NUL in the name', 'content-length\0: 5\r\n'],
    ['a vertical tab before the value', 'content-length:\x0b5\r\n'],
    ['a form feed behind the value', 'content-length: 5\x0c\r\n'],
    ['folded', 'content-length:\r\n 5\r\n'],
  ] as const) {
    await t.test(name, () => site.refuses(`${POST}${fields}\r\nhello`))
  }
})

test('a Content-Length beyond doubt passes in its plainest form', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, field] of [
    ['plain', 'content-length: 5'],
    ['with zeros in front', 'content-length: 0005'],
    ['without a blank', 'content-length:5'],
    ['with blanks around it', 'Content-Length: \t 5 \t'],
  ] as const) {
    await t.test(name, () =>
      site.passesAs(`${POST}${field}\r\n\r\nhello`, {
        ...HELLO,
        fields: { 'content-length': ['5'], 'transfer-encoding': [] },
      }),
    )
  }
  await t.test('on a method that has no use for a body', () =>
    site.passesAs('GET /framed HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello', {
      ...HELLO,
      method: 'GET',
    }),
  )
  await t.test('zero, and what follows is the next request', () =>
    site.passesAs(`${POST}content-length: 0\r\n\r\n`, { ...HELLO, body: '' }),
  )
  await t.test('a body that looks like a request stays a body', () => {
    const body = 'GET /admin HTTP/1.1\r\nhost: a\r\n\r\n'
    return site.passesAs(`${POST}content-length: ${body.length}\r\n\r\n${body}`, { ...HELLO, body })
  })
})

test('Content-Length beside Transfer-Encoding is refused, in either order (CL.TE, TE.CL)', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, fields] of [
    ['CL before TE', 'content-length: 5\r\ntransfer-encoding: chunked\r\n'],
    ['TE before CL', 'transfer-encoding: chunked\r\ncontent-length: 5\r\n'],
    ['CL of zero', 'content-length: 0\r\ntransfer-encoding: chunked\r\n'],
    ['an empty CL', 'content-length:\r\ntransfer-encoding: chunked\r\n'],
    ['an empty TE', 'content-length: 5\r\ntransfer-encoding:\r\n'],
    ['identity, which frames nothing', 'content-length: 5\r\ntransfer-encoding: identity\r\n'],
    [
      'TE that Connection calls hop-by-hop',
      'connection: transfer-encoding\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n',
    ],
    [
      'CL that Connection calls hop-by-hop',
      'connection: content-length\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n',
    ],
  ] as const) {
    await t.test(name, () => site.refuses(`${POST}${fields}${NO_CHUNKS}`))
  }
})

test('a Transfer-Encoding that is not plainly chunked is refused (TE.TE)', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, value] of [
    ['a letter before it', 'xchunked'],
    ['a letter behind it', 'chunkedx'],
    ['cut short', 'chunke'],
    ['identity', 'identity'],
    ['identity behind it', 'chunked, identity'],
    ['identity before it', 'identity, chunked'],
    ['another coding behind it', 'chunked, gzip'],
    ['twice in one line', 'chunked, chunked'],
    ['an empty member behind it', 'chunked,'],
    ['an empty member before it', ', chunked'],
    ['a parameter', 'chunked;q=1'],
    ['a semicolon', 'chunked;'],
    ['in double quotes', '"chunked"'],
    ['in single quotes', "'chunked'"],
    ['a vertical tab behind it', 'chunked\x0b'],
    ['a vertical tab before it', '\x0bchunked'],
    ['a form feed behind it', 'chunked\x0c'],
    ['a backspace behind it', 'chunked\x08'],
    ['a DEL behind it', 'chunked\x7f'],
    ['a NUL behind it', 'chunked\0'],
    ['a NUL before it', '\0chunked'],
    ['a no-break space behind it', 'chunked\xa0'],
    ['a dotless letter of another script', 'ch\xc5\xabnked'],
    ['a blank inside', 'chun ked'],
    ['a tab inside', 'chun\tked'],
    ['a blank instead of a comma', 'identity chunked'],
    ['a backslash', 'chunked\\'],
    ['empty', ''],
    ['a bare CR behind it', 'chunked\rx'],
    ['a bare LF behind it', 'chunked\nx: y'],
  ] as const) {
    await t.test(name, () => site.refuses(`${POST}transfer-encoding: ${value}\r\n${NO_CHUNKS}`))
  }
  for (const [name, fields] of [
    ['two fields, both chunked', 'transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n'],
    ['two fields, the last identity', 'transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n'],
    ['two fields, the first identity', 'transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n'],
    ['two fields, the last made up', 'Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n'],
    ['two fields, the first empty', 'transfer-encoding:\r\ntransfer-encoding: chunked\r\n'],
    ['a blank before the colon', 'transfer-encoding : chunked\r\n'],
    ['a tab before the colon', 'transfer-encoding\t: chunked\r\n'],
    ['a blank before the name, behind another field', 'x: y\r\n transfer-encoding: chunked\r\n'],
    ['a blank before the name of the first field', ' transfer-encoding: chunked\r\n'],
    ['folded before the value', 'transfer-encoding:\r\n chunked\r\n'],
    ['folded within the value', 'transfer-encoding: identity,\r\n chunked\r\n'],
    ['a NUL in the name', 'transfer\0-encoding: chunked\r\n'],
    ['a second line behind a bare CR', 'x: y\rtransfer-encoding: chunked\r\n'],
    ['a second line behind a bare LF', 'x: y\ntransfer-encoding: chunked\r\n'],
  ] as const) {
    await t.test(name, () => site.refuses(`${POST}${fields}${NO_CHUNKS}`))
  }
})

test('a coding that is not understood before a final chunked is answered with 501, and the connection closed', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const fields of [
    'transfer-encoding: gzip, chunked\r\n',
    'transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n',
    'transfer-encoding: x-made-up,\tdeflate , Chunked\r\n',
  ])
    await t.test(JSON.stringify(fields), () => site.refuses(`${POST}${fields}${NO_CHUNKS}`, 501))
})

test('Transfer-Encoding beyond doubt passes in its plainest form', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, field] of [
    ['plain', 'transfer-encoding: chunked'],
    ['in capitals', 'TRANSFER-ENCODING: CHUNKED'],
    ['in mixed case', 'Transfer-Encoding: cHuNkEd'],
    ['without a blank', 'transfer-encoding:chunked'],
    ['with blanks and tabs around it', 'transfer-encoding: \t chunked \t '],
  ] as const) {
    await t.test(name, () =>
      site.passesAs(`${POST}${field}\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, {
        ...HELLO,
        fields: { te: [], trailer: [] },
      }),
    )
  }
  await t.test('an alias that others may take for it does not reach the origin', () =>
    site.passesAs(`${POST}transfer_encoding: chunked\r\ncontent-length: 5\r\n\r\nhello`, {
      ...HELLO,
      fields: { transfer_encoding: [], 'transfer-encoding': [], 'content-length': ['5'] },
    }),
  )
})

test('Transfer-Encoding in a message older than HTTP/1.1 is refused', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, bytes] of [
    ['in HTTP/1.0', `${POST_1_0}transfer-encoding: chunked\r\n${NO_CHUNKS}`],
    [
      'in HTTP/1.0, kept alive',
      `${POST_1_0}connection: keep-alive\r\ntransfer-encoding: chunked\r\n${NO_CHUNKS}`,
    ],
    [
      'in HTTP/1.0, with a length',
      `${POST_1_0}content-length: 5\r\ntransfer-encoding: chunked\r\n${NO_CHUNKS}`,
    ],
    ['identity in HTTP/1.0', `${POST_1_0}transfer-encoding: identity\r\n\r\n`],
  ] as const) {
    await t.test(name, () => site.refuses(bytes))
  }
})

test('a request is never delimited by the end of its connection', async (t) => {
  const site = await AttackedGateway.start(t)
  await t.test('without framing there is no body: what follows is the next request', () =>
    site.passesAs(`${POST}\r\n`, { ...HELLO, body: '', fields: { 'content-length': ['0'] } }),
  )
  await t.test('in HTTP/1.0, where the connection is closed, it is not even looked at', () =>
    site.passesAsLast(`${POST_1_0}\r\n`, { ...HELLO, body: '' }),
  )
  await t.test('nor with Connection: close', () =>
    site.passesAsLast(`${POST}connection: close\r\n\r\n`, { ...HELLO, body: '' }),
  )
  await t.test('nor with the close among other options', () =>
    site.passesAsLast(`${POST}connection: keep-alive, Close\r\n\r\n`, { ...HELLO, body: '' }),
  )
})
