import {
  type HeaderList,
  HeaderList as Headers,
  type HttpRequest,
  HttpResponse,
  isToken,
} from '@headgate/core'
import type { GrpcWebConfig } from './setting.ts'

/** Fields in which a call that has brought nothing else tells how it ended; all others come as the last frame. */
export const STATUS_FIELDS = ['grpc-status', 'grpc-message', 'grpc-status-details-bin'] as const

/** What pages of other origins may do (CORS, Fetch standard 3.3). */
export class CallPages {
  private readonly config: GrpcWebConfig
  private readonly exposed: string
  private readonly takesAny: boolean

  constructor(config: GrpcWebConfig) {
    this.config = config
    this.exposed = [...STATUS_FIELDS, ...config.exposeHeaders].join(', ')
    this.takesAny = config.origins.includes('*')
  }

  /** The response to a preflight, where some origin may be allowed at all; undefined where the upstream is to answer. */
  preflight({ headers }: HttpRequest): HttpResponse | undefined {
    if (this.config.origins.length === 0) return undefined
    const answer = new Headers()
    if (this.allow(headers, answer)) {
      const asked = headers.get('access-control-request-headers') ?? ''
      const names = asked.split(',').map((name) => name.trim())
      answer.append('access-control-allow-methods', 'POST')
      answer.append('access-control-allow-headers', names.filter(isToken).join(', '))
      answer.append('access-control-max-age', String(Math.floor(this.config.maxAge / 1000)))
    }
    answer.append('vary', 'Access-Control-Request-Method, Access-Control-Request-Headers')
    return new HttpResponse(204, answer)
  }

  /** Has the page that asked read the response. */
  share(request: HeaderList, response: HeaderList): void {
    if (this.config.origins.length === 0) return
    // What the upstream thinks of it is about another protocol.
    for (const name of NAMES) response.delete(name)
    if (this.allow(request, response)) response.append('access-control-expose-headers', this.exposed)
  }

  private allow(request: HeaderList, response: HeaderList): boolean {
    const { origins, credentials } = this.config
    const origin = request.get('origin')
    // Who has seen the response to one origin must not take it for that to another.
    if (!this.takesAny || credentials) response.append('vary', 'Origin')
    if (origin === undefined || !(this.takesAny || origins.includes(origin))) return false
    response.append('access-control-allow-origin', this.takesAny && !credentials ? '*' : origin)
    if (credentials) response.append('access-control-allow-credentials', 'true')
    return true
  }
}

const NAMES = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
] as const
