import { inLine } from '../../printable.ts'
import { ADMIN_OPTIONS } from '../admin-client.ts'
import type { StatusAnswer } from '../../admin/status.ts'
import { show } from '../ask.ts'
import { type CliCommand, counted } from '../command.ts'

export const status: CliCommand = {
  description:
    'Asks a running gateway for its workers, its listeners, and the configuration that is in force.',
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate status', about: 'of the gateway of this folder' }],
  run: (values, terminal) => show(values, terminal, (client) => client.call('GET', '/status'), statusText),
}

export function statusText({
  release,
  phase,
  uptime,
  workers,
  listeners,
  routes,
  checksPaused,
  openBreakers,
  refusedCertificates,
  cacheOnDisk,
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
    ...(lastReload.successful
      ? []
      : [`last reload    refused at ${seconds(lastReload.time)}: ${lastReload.reason}`]),
    ...(checksPaused.length === 0 ? [] : [`health checks  paused for ${pausedText(checksPaused)}`]),
    ...(openBreakers.length === 0
      ? []
      : [`breakers       open: ${openBreakers.map(breakerText).join(', ')}`]),
    ...refusedCertificates.map(
      ({ place, problem, remedy }) =>
        `certificates   the one before stays in force: ${place} ${problem}; ${remedy}`,
    ),
    ...(cacheOnDisk === undefined ? [] : [`cache          nothing is kept on disk: ${cacheOnDisk}`]),
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

function breakerText({ upstream, endpoint, workers }: StatusAnswer['openBreakers'][number]): string {
  return `${upstream}${endpoint === undefined ? '' : ` ${endpoint}`} (in ${counted(workers, 'worker')})`
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`
}
