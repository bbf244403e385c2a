import type { Client, ClientResponse } from '@headgate/client'
import type { Clock, Handler } from '@headgate/core'
import type { Question } from './question.ts'
import type { ExternalConfig } from './setting.ts'

/** What the service has said. */
export interface Answer {
  readonly status: number
  readonly field: (name: string) => string | undefined
  readonly cookies: readonly string[]
  readonly content: Uint8Array
}

/** Puts a question to the service. Rejects where there is no answer in time, or one that is too large. */
export interface Service {
  ask(question: Question, within: number): Promise<Answer>
  close(): void
}

/** Asked by the project's own client, which is loaded with the first question. */
export class ClientService implements Service {
  private readonly config: ExternalConfig
  private readonly clock: Clock
  private readonly transport: Handler | undefined
  private client: Promise<Client> | undefined

  /** @param transport where the service is an upstream */
  constructor(config: ExternalConfig, clock: Clock, transport?: Handler) {
    this.config = config
    this.clock = clock
    this.transport = transport
  }

  async ask({ fields, body }: Question, within: number): Promise<Answer> {
    const client = await (this.client ??= this.connect())
    const { url = `http://upstream.internal${this.config.path ?? '/'}` } = this.config
    const method = body === undefined ? 'GET' : 'POST'
    const response = await client.request(method, url, {
      headers: fields,
      ...(body !== undefined && { body }),
      timeout: { deadline: within },
    })
    return answerOf(response, await response.bytes())
  }

  close(): void {
    void this.client?.then((client) => client.close())
  }

  private async connect(): Promise<Client> {
    const { createClient } = await import('@headgate/client')
    const { transport } = this
    return createClient({
      name: 'external-authentication',
      clock: this.clock,
      ...(transport && { transport: atItsEndpoint(transport) }),
      // A connection that was closed while it was idle is replaced all the same.
      retry: false,
      breaker: false,
      redirect: false,
      throwOnStatus: false,
      decompress: false,
      maxBody: this.config.maxAnswer,
      maxBufferedBody: this.config.maxAnswer,
      tracing: false,
      lint: false,
    })
  }
}

/** Endpoints are asked by their own names, as an upstream has no host. */
function atItsEndpoint(handler: Handler): Handler {
  return (exchange) => {
    exchange.preserveHost = false
    return handler(exchange)
  }
}

function answerOf(response: ClientResponse, content: Uint8Array): Answer {
  return {
    status: response.status,
    field: (name) => response.header(name),
    cookies: response.headers.getSetCookie(),
    content,
  }
}
