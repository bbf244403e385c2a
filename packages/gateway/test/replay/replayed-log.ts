import assert from 'node:assert/strict'
import { type Body, collect, Exchange, HttpRequest, systemClock } from '@headgate/core'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { Replay, type ReplayReport } from '../../src/replay/replay.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'

export interface Asked {
  readonly url?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly client?: string
  readonly body?: Body
}

/** What a gateway logs of these requests. */
export async function logOf(config: GatewayConfigInput, requests: readonly Asked[]): Promise<string[]> {
  const lines: string[] = []
  const gateway = await createGateway(config, { accessLog: (line) => lines.push(line.trimEnd()) })
  for (const { url = '/', method = 'GET', headers = {}, client = '192.0.2.1', body } of requests) {
    const request = HttpRequest.to(`http://shop.example${url}`, { method, headers, ...(body && { body }) })
    const peer = { address: client, port: 1, encrypted: false }
    const exchange = new Exchange(request, systemClock, peer)
    const response = await gateway.handler(exchange)
    await collect(response.body)
    const bytesReceived = request.body.length ?? 0
    exchange.finish({ status: response.status, error: undefined, bytesSent: 0, bytesReceived })
  }
  await gateway.close()
  return lines
}

export async function replayed(
  lines: readonly string[],
  against: GatewayConfigInput,
  before?: GatewayConfigInput,
): Promise<ReplayReport> {
  const configOf = (input: GatewayConfigInput) => {
    const result = parseConfig(input)
    assert.ok(result.ok, JSON.stringify(result))
    return result.config
  }
  const replay = new Replay({ against: configOf(against), before: before && configOf(before), limit: 20 })
  for (const line of lines) await replay.take(line)
  return replay.report
}

export function counts({ same, changed, unsure, refused, bad }: ReplayReport): Record<string, number> {
  return { same, changed, unsure, refused, bad }
}

export const texts = (list: readonly { readonly text: string; readonly count: number }[]): string[] =>
  list.map(({ text, count }) => `${count} ${text}`)
