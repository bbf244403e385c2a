import { LOW_LIMITS } from './input.ts'
import type { Random } from './random.ts'

// biome-ignore format: a list of words
const VALUES = [
  'a', '', 'x y', '\tz', 'a, b', '"q, \\" z"', 'Sat, 21 Nov 2026 04:33:41 GMT', 'text/plain; charset=utf-8',
  '\xe9\xff\x80', 'gzip, deflate', 'a\x7f', 'a\x00b', 'a\rb', 'a\nb', 'a\x0bb', ' ', ':', 'GET / HTTP/1.1', 'chunked', '5', 'a\xa0',
]
const PLAIN_VALUES = VALUES.slice(0, 10)
// biome-ignore format: a list of words
const NAMES = [
  'accept', 'Accept-Encoding', 'COOKIE', 'x', 'X-A', "!#$%&'*+-.^_`|~9", 'cache-control', 'Via', 'X-Forwarded-For',
  'forwarded', 'x_forwarded_for', 'X-Request-Id', 'TE', 'trailer', 'keep-alive', 'Proxy-Connection', 'set-cookie', 'Date',
  'content-length', 'transfer-encoding', 'content_length', 'Transfer.Encoding', '__proto__', 'constructor', 'X-Real-IP',
]
const PLAIN_NAMES = NAMES.slice(0, 18)
const ODD_NAMES = [
  '',
  ' ',
  'a b',
  'a\t',
  'a\x00',
  'a(',
  '\xe9',
  'a\x7f',
  ' a',
  '\ta',
  'a,',
  'a/',
  'content-length ',
  '"',
]
const ODD_COLONS = [' : ', ':', ':\t', ':  ', '', '::', ' ', ':\x0b', ':\r\n ', ':\r\n\t']
const ODD_ENDS = [
  '\n',
  '\r',
  '\r\r\n',
  '\n\r',
  '\r\n ',
  '\r\n\t',
  '',
  '\x00\r\n',
  '\r\n\r\n',
  ' \r\n',
  '\x85',
]
// biome-ignore format: a list of words
const CONNECTIONS = [
  'close', 'keep-alive', 'Keep-Alive', 'upgrade', 'close, x-a', 'keep-alive, close', 'x-forwarded-for', 'te, Upgrade',
  'content-length', 'close, transfer-encoding', 'Close', ' close ,', 'close;', 'closed', 'host', '', ',,', 'via', '"close"',
  'upgrade, close', 'keep-alive\t', 'clo se', 'close\tupgrade', 'keep-alive\xa0', 'close\xa0',
]
// biome-ignore format: a list of words
const EXTENSIONS = [
  ';a', ';a=b', ';a="b"', ';a="b;c"', '; a=b', ';', ';=', ';a=', ' ;a', ';a="', ';a="\\"', ';\x80', ';a b', ';a=b;c=d', ';a\t',
  ';"', ';a=b c', ';a = "b" ;c', ';a="b"c', ';a="\\', ' ', '\t', ';a\x00', ';\r', ';\n',
]
const PLAIN_EXTENSIONS = EXTENSIONS.slice(0, 4)
// biome-ignore format: a list of words
const SIZES = [
  '0x5', '+5', '-1', ' 5', '5 ', '', 'g', 'fffffffffffffffff', '00000000000000000', '5_0', '5.', 'FFFFFFFFFFFFFFFF', '\xb2',
]
// biome-ignore format: a list of words
const LENGTHS = [
  '+5', '-5', '0x5', '5,5', '5, 5', '', ' ', '5 5', '5\t', '00005', '1e1', '5.0', '99999999999999999999', '9007199254740993', '5;',
  '18446744073709551616', '4294967296', '5\x00', '\xb2', '0', '00', '5\xa0',
]
// biome-ignore format: a list of words
const CODINGS = [
  'Chunked', 'CHUNKED', 'chunked, chunked', 'gzip, chunked', 'chunked, gzip', 'identity', 'xchunked', 'chunked;q=1', ' chunked',
  'chunked\t', 'chunked ', '"chunked"', 'chunked,', ',chunked', '', 'chun\x00ked', 'x', '\x0bchunked', 'chunked\r\n x', 'chunke',
  'chunked\xa0', '\xa0chunked',
]
const BODY_TEXT =
  'a=1&b=2\r\n0\r\n\r\nGET /x HTTP/1.1\r\nhost: b\r\n\r\n\x00\x01\xfe\xffabcdefghijklmnopqrstuvwxyz'

/** How the body of a message in the making is framed. */
export interface Framed {
  readonly fields: string
  readonly body: string
}

/** The productions that requests and responses share. Each takes the right turn, and in `oddness` of 256 cases a wrong one. */
export class Grammar {
  readonly random: Random
  oddness = 0

  constructor(random: Random) {
    this.random = random
  }

  odd(): boolean {
    return (this.random.next() & 255) < this.oddness
  }

  /** The right text, or one of those that are wrong or rare. */
  or(right: string, others: readonly string[]): string {
    return this.odd() ? this.random.pick(others) : right
  }

  end(): string {
    return this.or('\r\n', ODD_ENDS)
  }

  field(name: string, value: string): string {
    return this.or(name, ODD_NAMES) + this.or(': ', ODD_COLONS) + value + this.end()
  }

  /** Up to four fields. */
  fields(): string {
    let text = ''
    for (let count = this.random.below(5); count > 0; count--) {
      if (this.random.oneIn(5)) text += this.field('Connection', this.random.pick(CONNECTIONS))
      else text += this.field(this.or(this.random.pick(PLAIN_NAMES), NAMES), this.value())
    }
    return text
  }

  private value(): string {
    return this.random.pick(this.odd() ? VALUES : PLAIN_VALUES)
  }

  /** A body and the fields that frame it, in one of the ways there are. */
  framed(): Framed {
    const content = this.content()
    const length = String(content.length)
    switch (this.random.below(this.oddness > 0 ? 6 : 3)) {
      case 0:
        return { fields: '', body: this.or('', [content]) }
      case 1:
        return { fields: this.length(length), body: content }
      case 2:
        return { fields: this.coding(), body: this.chunked(content) }
      case 3:
        return { fields: this.length(length) + this.coding(), body: this.chunked(content) }
      case 4:
        return { fields: this.coding() + this.length(length), body: content }
      default:
        return { fields: this.length(String(content.length + this.random.below(9) - 4)), body: content }
    }
  }

  private length(right: string): string {
    const line = this.field('Content-Length', this.or(right, LENGTHS))
    return this.odd() ? line + this.field('content-length', this.or(right, LENGTHS)) : line
  }

  private coding(): string {
    const line = this.field('Transfer-Encoding', this.or('chunked', CODINGS))
    return this.odd() ? line + this.field('transfer-encoding', this.or('chunked', CODINGS)) : line
  }

  content(): string {
    const start = this.random.below(BODY_TEXT.length)
    if (this.random.oneIn(200)) return BODY_TEXT.repeat(100)
    return BODY_TEXT.slice(start, start + this.random.below(30))
  }

  private chunked(content: string): string {
    const most = content.length > 100 ? 2000 : 20
    let text = ''
    for (let at = 0; at < content.length; ) {
      const size = Math.min(content.length - at, 1 + this.random.below(most))
      text += this.size(size) + this.end() + content.slice(at, at + size) + this.end()
      at += size
    }
    text += this.size(0) + this.end()
    const trailer = this.random.oneIn(4) ? this.field(this.random.pick(NAMES), this.value()) : ''
    if (this.random.oneIn(40)) text += this.padding(trailer.length)
    return text + trailer + this.end()
  }

  private size(size: number): string {
    const { random } = this
    let text = size.toString(16)
    if (random.oneIn(4)) text = text.toUpperCase().padStart(1 + random.below(16), '0')
    if (random.oneIn(6)) text += random.pick(this.oddness > 0 ? EXTENSIONS : PLAIN_EXTENSIONS)
    if (random.oneIn(2000)) text += `;${'x'.repeat(4090 + random.below(8))}`
    return this.or(text, SIZES)
  }

  /** A field that brings `others` bytes of lines, and the empty line behind them, to about the low limit. */
  padding(others: number): string {
    const length = LOW_LIMITS.head - others - 'p: \r\n\r\n'.length + this.random.below(14) - 7
    return length < 0 ? '' : `p: ${'p'.repeat(length)}\r\n`
  }
}
