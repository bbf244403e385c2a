import type { TestContext } from 'node:test'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { type Answer, ask } from '../../survival/http-client.ts'
import { startGateway, type StartedGateway } from '../../survival/start-gateway.ts'
import { startOrigin } from '../../origin.ts'

export type Validate = NonNullable<GatewayConfigInput['routes'][number]['validate']>

/** A gateway with one route that validates, and what came through it. */
export interface ValidatingGateway {
  readonly gateway: StartedGateway
  /** Bodies as the origin got them. */
  readonly received: readonly string[]
  readonly send: (body: string | Buffer | undefined, options?: SendOptions) => Promise<ProblemAnswer>
}

export interface SendOptions {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface ProblemAnswer extends Pick<Answer, 'status' | 'headers' | 'content'> {
  /** Each as `body /a must be string`; none where there are no problem details. */
  readonly errors: readonly string[]
}

export async function startValidating(
  t: TestContext,
  validate: Validate,
  path = '/**',
): Promise<ValidatingGateway> {
  const received: string[] = []
  const origin = await startOrigin((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push(Buffer.concat(chunks).toString('latin1'))
      response.end('taken')
    })
  })
  const gateway = await startGateway(t, {
    routes: [{ name: 'it', match: { path }, upstream: origin.url, validate }],
  })
  return {
    gateway,
    received,
    async send(body, { path: target = '/', method = body === undefined ? 'GET' : 'POST', headers } = {}) {
      const answer = await ask(`${gateway.url}${target}`, {
        method,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { content: body }),
      })
      return { ...answer, errors: errorsOf(answer) }
    },
  }
}

function errorsOf({ headers, content }: Answer): string[] {
  if (headers['content-type'] !== 'application/problem+json') return []
  const { errors = [] } = JSON.parse(content) as {
    errors?: { in: string; pointer: string; detail: string }[]
  }
  return errors.map((error) => [error.in, error.pointer, error.detail].filter(Boolean).join(' '))
}
