import { Grammar } from './grammar.ts'

const METHODS = ['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH']
// biome-ignore format: a list of words
const RARE_METHODS = [
  'get', 'FOO', 'PRI', 'CONNECT', 'M-SEARCH', 'SOURCE', 'TRACE', 'PROPFIND', 'QUERY', 'PURGE', 'DESCRIBE',
  'X'.repeat(40), "!#$%'*+", 'GE\x00T', '', ' GET', 'GE T', 'G(T', '\xc7ET', 'GET\t', 'PATC', 'GETS',
  'ANNOUNCE', 'M_X',
]
// biome-ignore format: a list of words
const TARGETS = [
  '/', '/', '/a', '/a/b?c=d', '/a?', '*', '/%7Ea/', '/a;b=c', "/!$&'()*+,=:@", '/%c3%a9', '/a//b',
  '/x/./y/../z',
]
// biome-ignore format: a list of words
const RARE_TARGETS = [
  'http://a.example/', 'http://A.Example:80/x?y', 'https://a:8080', 'HTTP://a?x', 'http://[::1]:8080/',
  'http://u@h/', 'http:///x', '//a/b', 'a', 'a:80', '', '/..', '/../x', '/a/../../b', '/%2f', '/%5c', '/%00',
  '/%2e%2e/x', '/..;/x', '/a\\b', '/a b', '/a\tb', '/\x00', '/\xe9', '/a#b', '/%', '/%zz', '/%c0%af',
  '/a?b=%2f&c=^|{}', '/<>', '/"', '/a?b c', '*x', '/|[]^', '/`', '/{}', 'http://h:99999/', 'http://h:/',
  'ftp://h/', 'http://h#x', '?x', '/a?\xff', '/a?#', 'http://h/%2F', 'http:/a', 'x://a/', '/a\x7f', '/?\x7f',
  `/${'l'.repeat(98)}`,
]
// biome-ignore format: a list of words
const ODD_VERSIONS = [
  'HTTP/1.0', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', 'HTTP/01.1', 'HTTP/1.',
  'RTSP/1.0', 'ICE/1.0', '', 'HTTP/1.1x', 'HTTP/11', 'HTTP/9.9',
]
const HOSTS = ['a.example', 'A.example:80', 'b', '127.0.0.1:8080', '[::1]', 'a.example.']
// biome-ignore format: a list of words
const ODD_HOSTS = [
  '', 'a b', 'a/b', 'a:', 'a:0', 'a:99999', '[::', 'a@b', 'a,b', 'xn--e', '\xe9', 'a..b', '-a', 'a\x00',
  'a?b', '[0:0::1]:80',
]
const STARTS = ['', '\r\n', '\n', '\r\n\r\n', ' ', '\r', '\x00', '\r\n\r']

/** Makes requests, several behind each other in some cases. */
export class RequestGrammar extends Grammar {
  messages(): string {
    let text = ''
    const count = this.random.oneIn(4) ? 1 + this.random.below(3) : 1
    for (let index = 0; index < count; index++) text += this.message()
    return text
  }

  private message(): string {
    const { random } = this
    const method = this.or(random.pick(METHODS), RARE_METHODS)
    const target = random.oneIn(4) ? this.or(random.pick(TARGETS), RARE_TARGETS) : this.or('/a/b', TARGETS)
    const space = ' '
    const line =
      method + this.or(space, SPACES) + target + this.or(space, SPACES) + this.or('HTTP/1.1', ODD_VERSIONS)
    const { fields, body } = this.framed()
    let text = (random.oneIn(24) ? '\r\n' : this.or('', STARTS)) + line + this.end()
    if (!this.odd()) text += this.field('Host', this.or(random.pick(HOSTS), ODD_HOSTS))
    if (this.odd()) text += this.field('host', this.or(random.pick(HOSTS), ODD_HOSTS))
    if (random.oneIn(16)) text += this.upgrade()
    if (random.oneIn(16))
      text += this.field('Expect', this.or('100-continue', ['100-Continue', 'x', '', '100-continue, x']))
    text += random.oneIn(2) ? this.fields() + fields : fields + this.fields()
    if (random.oneIn(32)) text += this.padding(text.length)
    return `${text}\r\n${body}`
  }

  private upgrade(): string {
    const protocol = this.or('websocket', ['h2c', 'WebSocket', 'a/1, b', '', 'x y', 'h2'])
    return (
      this.field('Upgrade', protocol) +
      this.field('Connection', this.or('upgrade', ['Upgrade, close', 'x', 'keep-alive']))
    )
  }
}

const SPACES = ['  ', '\t', '', '\x0b', ' \t', '\xa0', '\r', '\x00', ' \r\n ']
