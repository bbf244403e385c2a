import type { EndpointConfig } from '../config/schema/upstream-schema.ts'

/**
 * The candidates of an upstream; where some come before others, level by level, in the order in which they are used.
 * @param zone where the gateway is; undefined: zones do not matter
 */
export function endpointLines(endpoints: readonly EndpointConfig[], zone: string | undefined): string[] {
  const levels = new Map<string, { readonly order: number; readonly lines: string[] }>()
  for (const endpoint of endpoints) {
    const { priority } = endpoint
    const isLocal = zone !== undefined && endpoint.zone === zone
    const side = zone === undefined ? '' : isLocal ? `, zone ${zone}` : ', other zones'
    const title = `priority ${priority}${side}`
    const level = levels.get(title) ?? { order: priority * 2 + (isLocal ? 0 : 1), lines: [] }
    levels.set(title, level)
    level.lines.push(endpointLine(endpoint))
  }
  const ordered = [...levels].sort(([, one], [, other]) => one.order - other.order)
  if (ordered.length < 2) return ordered.flatMap(([, { lines }]) => lines)
  return ordered.flatMap(([title, { lines }], index) => [
    `${title}${index === 0 ? '' : ', if those above are short of usable endpoints'}:`,
    ...lines.map((line) => `  ${line}`),
  ])
}

function endpointLine({ url, dns, srv, weight, zone }: EndpointConfig): string {
  const place = zone === undefined ? '' : `, zone ${zone}`
  if (srv !== undefined)
    return `the targets of ${srv}, found by DNS while the gateway runs (weights of the records${place})`
  return `${url ?? `the addresses of ${dns}, found by DNS while the gateway runs`} (weight ${weight}${place})`
}
