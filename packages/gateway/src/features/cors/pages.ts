import { HeaderList, type HttpRequest, HttpResponse, isToken } from '@headgate/core'
import { originTest } from './origin.ts'

export interface PageOptions {
  /** `*` for any. */
  readonly origins: readonly string[]
  readonly credentials: boolean
  /** What pages may ask by; undefined: by whatever they ask for. */
  readonly methods: readonly string[] | undefined
  /** Fields that they may send; undefined: whatever they ask for. */
  readonly headers: readonly string[] | undefined
  /** Fields of responses that they may read. */
  readonly exposeHeaders: readonly string[]
  /** Milliseconds for which a browser may remember the answer to a preflight. */
  readonly maxAge: number
  /** Whether pages of the public network may ask, where this gateway is in a private one. */
  readonly privateNetwork: boolean
}

/** What pages of other origins may do (CORS, Fetch standard 3.3). */
export class Pages {
  private readonly options: PageOptions
  private readonly isAllowed: (origin: string) => boolean
  private readonly takesAny: boolean
  private readonly exposed: string

  constructor(options: PageOptions) {
    this.options = options
    this.isAllowed = originTest(options.origins)
    this.takesAny = options.origins.includes('*')
    this.exposed = options.exposeHeaders.join(', ')
  }

  /** The response to a preflight: what the page may do, or nothing where it may not. */
  preflight({ headers }: HttpRequest): HttpResponse {
    const { methods, headers: fields, maxAge, privateNetwork } = this.options
    const answer = new HeaderList()
    if (this.allow(headers, answer)) {
      const asked = headers.get('access-control-request-method') ?? ''
      const names = (headers.get('access-control-request-headers') ?? '')
        .split(',')
        .map((name) => name.trim())
      answer.append('access-control-allow-methods', methods?.join(', ') ?? (isToken(asked) ? asked : ''))
      const allowed = fields?.join(', ') ?? names.filter(isToken).join(', ')
      if (allowed !== '') answer.append('access-control-allow-headers', allowed)
      answer.append('access-control-max-age', String(Math.floor(maxAge / 1000)))
      if (privateNetwork && headers.get('access-control-request-private-network') === 'true')
        answer.append('access-control-allow-private-network', 'true')
    }
    answer.append('vary', 'Access-Control-Request-Method, Access-Control-Request-Headers')
    return new HttpResponse(204, answer)
  }

  /** Has the page that asked read the response. What the upstream says of it gives way: two answers are none to a browser. */
  share(request: HeaderList, response: HeaderList): void {
    for (const name of OWN) response.delete(name)
    if (this.allow(request, response) && this.exposed !== '')
      response.append('access-control-expose-headers', this.exposed)
  }

  private allow(request: HeaderList, response: HeaderList): boolean {
    const { credentials } = this.options
    const origin = request.get('origin')
    // Who has seen the response to one origin must not take it for that to another.
    if (!this.takesAny || credentials) response.append('vary', 'Origin')
    if (origin === undefined || !this.isAllowed(origin)) return false
    response.append('access-control-allow-origin', this.takesAny && !credentials ? '*' : origin)
    if (credentials) response.append('access-control-allow-credentials', 'true')
    return true
  }
}

const OWN = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
] as const
