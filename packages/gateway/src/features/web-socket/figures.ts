import type { MetricRegistry, WebSocketEnd, WebSocketOptions } from '@headgate/core'
import { metric } from '../../metrics/metric.ts'

const OPEN = metric({
  kind: 'gauge',
  name: 'headgate_websockets_open',
  labels: ['route'],
  help: 'WebSockets that are open, of routes with webSocket.',
})
const MESSAGES = metric({
  kind: 'counter',
  name: 'headgate_websocket_messages_total',
  labels: ['route', 'from'],
  help: 'Messages of WebSockets, of the "client" and of the "upstream", counted when one is over.',
})
const BYTES = metric({
  kind: 'counter',
  name: 'headgate_websocket_message_bytes_total',
  labels: ['route', 'from'],
  help: 'Bytes of those messages, without the heads of their frames.',
})
const CLOSES = metric({
  kind: 'counter',
  name: 'headgate_websocket_closes_total',
  labels: ['route', 'code'],
  help: 'WebSockets that are over, by the code of their first Close frame: those of RFC 6455, "3xxx", "4xxx", or "none" where there was none.',
  sparse: true,
})

/** Codes that are counted by themselves; others come in any number. */
const NAMED = [1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014] as const

/** What is counted of the WebSockets of a route. */
export function webSocketFigures(
  metrics: MetricRegistry,
  route: string,
): Pick<WebSocketOptions, 'onOpen' | 'onEnd'> {
  const open = metrics.get(OPEN, { route })
  const sides = (['client', 'upstream'] as const).map((from) => ({
    messages: metrics.get(MESSAGES, { route, from }),
    bytes: metrics.get(BYTES, { route, from }),
  }))
  const codes = ['none', ...NAMED.map(String), '3xxx', '4xxx']
  const closes = new Map(codes.map((code) => [code, metrics.get(CLOSES, { route, code })]))
  return {
    onOpen: () => open.add(1),
    onEnd({ code, fromClient, fromUpstream }: WebSocketEnd) {
      open.add(-1)
      for (const [index, each] of [fromClient, fromUpstream].entries()) {
        sides[index]?.messages.add(each.messages)
        sides[index]?.bytes.add(each.bytes)
      }
      closes.get(labelOf(code))?.add(1)
    },
  }
}

function labelOf(code: number | undefined): string {
  if (code === undefined) return 'none'
  return code < 3000 ? String(code) : `${Math.floor(code / 1000)}xxx`
}
