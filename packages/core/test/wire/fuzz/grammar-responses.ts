import { Grammar } from './grammar.ts'

const STATUSES = ['200', '200', '200', '404', '204', '304', '500', '206', '301']
// biome-ignore format: a list of words
const RARE_STATUSES = [
  '100', '101', '103', '199', '599', '600', '099', '1', '20', '2000', '', '-20', ' 200', '2x0', '000', '999',
  '+20', '20\x00',
]
const REASONS = [' OK', ' ', '', ' Not Found', ' \xe9\xff', ' a\tb']
const ODD_REASONS = [' a\x00', ' a\x7f', ' a\rb', '\t', '  ', ' a\nb: c', 'OK', ' \x0b']
// biome-ignore format: a list of words
const ODD_VERSIONS = [
  'HTTP/1.0', 'HTTP/1.0', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'HTTP/0.9', 'ICY', 'RTSP/1.0', '',
  'HTTP/1', ' HTTP/1.1', 'HTTP/1.1\t',
]
const STARTS = ['', '\r\n', '\n', ' ', '\r\n\r\n', '\x00']
const INTERIM = ['100 Continue', '103 Early Hints', '102 Processing', '101 Switching Protocols', '100']

/** Makes responses, with 1xx responses before them or others behind them in some cases. */
export class ResponseGrammar extends Grammar {
  messages(): string {
    let text = ''
    while (this.random.oneIn(10)) {
      text += `HTTP/1.1 ${this.random.pick(INTERIM)}${this.end()}${this.random.oneIn(2) ? this.fields() : ''}`
      if (this.random.oneIn(3)) text += 'Upgrade: websocket\r\nConnection: upgrade\r\n'
      if (this.odd()) text += this.framed().fields
      text += '\r\n'
    }
    text += this.message()
    return this.random.oneIn(10) ? text + this.message() : text
  }

  private message(): string {
    const { random } = this
    const status = this.or(random.pick(STATUSES), RARE_STATUSES)
    const line = `${this.or('HTTP/1.1', ODD_VERSIONS)} ${status}${this.or(random.pick(REASONS), ODD_REASONS)}${this.end()}`
    const { fields, body } = this.framed()
    let text = this.or('', STARTS) + line + fields + this.fields()
    if (random.oneIn(20)) text += this.field('Upgrade', 'websocket') + this.field('Connection', 'upgrade')
    if (random.oneIn(32)) text += this.padding(text.length)
    return `${text}\r\n${body === '' && random.oneIn(2) ? this.content() : body}`
  }
}
