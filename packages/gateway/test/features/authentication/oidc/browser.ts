import { type Answer, ask } from '../../../survival/http-client.ts'

/** What a browser does with a place that it is sent to, as far as logins are concerned: it keeps cookies, and sends them. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly origin: string
  private readonly fields: Record<string, string>

  /** @param fields sent with each request */
  constructor(origin: string, fields: Record<string, string> = {}) {
    this.origin = origin
    this.fields = fields
  }

  /** Somebody follows a link, or writes a URL. */
  visit(place: string, fields: Record<string, string> = {}): Promise<Answer> {
    return this.send(place, { accept: 'text/html,*/*;q=0.8', 'sec-fetch-mode': 'navigate', ...fields })
  }

  /** A script of a page asks. */
  fetch(place: string, fields: Record<string, string> = {}, method = 'GET', content = ''): Promise<Answer> {
    return this.send(place, { accept: '*/*', 'sec-fetch-mode': 'cors', ...fields }, method, content)
  }

  async send(place: string, fields: Record<string, string>, method = 'GET', content = ''): Promise<Answer> {
    const { pathname, search } = new URL(place, this.origin)
    const cookie = Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...this.fields, ...(cookie !== '' && { cookie }), ...fields }
    const answer = await ask(this.origin + pathname + search, { method, headers, content })
    for (const set of setCookies(answer)) this.keep(set)
    return answer
  }

  private keep(set: string): void {
    const [pair = '', ...attributes] = set.split('; ')
    const [name = '', value = ''] = pair.split(/=(.*)/s)
    if (attributes.includes('Max-Age=0')) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

export function setCookies({ headers }: Answer): readonly string[] {
  const set = headers['set-cookie']
  return Array.isArray(set) ? set : set === undefined ? [] : [set]
}

/** Where an answer sends a browser. */
export function locationOf({ headers }: Answer): string {
  return String(headers['location'] ?? '')
}
