import type { OpenCircuit } from '../../resilience/metrics.ts'
import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { counted } from '../counted.ts'
import { inLine } from '../../printable.ts'
import { printFound } from '../print-found.ts'

export const status: CliCommand = {
  description:
    'Asks a running gateway for its workers, its listeners, and the configuration that is in force.',
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate status', about: 'of the gateway of this folder' }],
  run: (values, terminal) =>
    ask(values, terminal, async (client) => {
      printFound(values, terminal, (await client.call('GET', '/status')) as StatusAnswer, statusText)
    }),
}

/** What `GET /status` answers. */
export interface StatusAnswer {
  readonly release: string
  readonly phase: string
  /** Seconds. */
  readonly uptime: number
  readonly workers: readonly string[]
  readonly listeners: readonly string[]
  readonly routes: number
  /** The upstreams whose health checks are paused. */
  readonly checksPaused?: 'all' | readonly string[]
  /** Breakers that are open, and in how many workers. */
  readonly openBreakers?: readonly OpenCircuit[]
  readonly configuration: { readonly id: number; readonly time: string; readonly origin: string }
  /** What the last reading of the configuration file came to. */
  readonly lastReload?: { readonly successful: boolean; readonly time: string; readonly reason?: string }
}

export function statusText({
  release,
  phase,
  uptime,
  workers,
  listeners,
  routes,
  checksPaused = [],
  openBreakers = [],
  configuration,
  lastReload,
}: StatusAnswer): string {
  const { id, time, origin } = configuration
  const listening = workers.filter((state) => state === 'listening').length
  return [
    `headgate ${release}, ${phase} for ${duration(uptime)}`,
    `workers        ${listening} of ${workers.length} listen`,
    `listeners      ${listeners.join(', ')}`,
    `configuration  version ${id} of ${seconds(time)} (${origin}), ${counted(routes, 'route')}`,
    ...(lastReload === undefined || lastReload.successful
      ? []
      : [`last reload    refused at ${seconds(lastReload.time)}: ${lastReload.reason}`]),
    ...(checksPaused.length === 0 ? [] : [`health checks  paused for ${pausedText(checksPaused)}`]),
    ...(openBreakers.length === 0
      ? []
      : [`breakers       open: ${openBreakers.map(breakerText).join(', ')}`]),
    '',
  ]
    .map(inLine)
    .join('\n')
}

function seconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}

function pausedText(paused: 'all' | readonly string[]): string {
  return paused === 'all' ? 'all upstreams' : paused.join(', ')
}

function breakerText({ upstream, endpoint, workers }: OpenCircuit): string {
  return `${upstream}${endpoint === undefined ? '' : ` ${endpoint}`} (in ${counted(workers, 'worker')})`
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`
}
