import { own } from '../../message/own-options.ts'
import { EMPTY_BODY, WholeBody } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import { Exchange } from '../../message/exchange.ts'
import { HeaderList } from '../../message/headers.ts'
import { HttpRequest } from '../../message/request.ts'
import { type Authority, canonicalAuthority, InvalidTarget } from '../../message/target.ts'
import type { Clock } from '../../time/clock.ts'
import type { Open } from '../pool/openings.ts'
import { type GrpcProbe, HEALTH_CHECK, healthRequest, whyNotServing } from './grpc-probe.ts'
import type { PooledConnection } from '../pool/pool-entry.ts'

/** How an endpoint is asked whether it is well. */
export type ProbeOptions = HttpProbe | TcpProbe | GrpcProbe

/** It answers a request with a good status. */
export interface HttpProbe {
  readonly kind: 'http'
  /** Path and query. */
  readonly path: string
  /** GET by default. */
  readonly method?: string | undefined
  /** For Host; the endpoint's own name by default. */
  readonly host?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The good statuses, both ends included; 200 to 299 by default. */
  readonly statuses?: readonly { readonly from: number; readonly to: number }[] | undefined
}

/** It accepts a connection, and speaks TLS where its URL says https. */
export interface TcpProbe {
  readonly kind: 'tcp'
}

/** What is asked. */
export interface Probed {
  readonly authority: Authority
  /** A connection of its own: those of the pool may outlive the process that accepts new ones. */
  readonly open: Open
}

const OK = [{ from: 200, to: 299 }] as const

/**
 * Asks once; why it failed, or undefined if the endpoint is well. Never rejects.
 * @param timeout milliseconds for all of it
 */
export async function probe(
  endpoint: Probed,
  given: ProbeOptions,
  timeout: number,
  clock: Clock,
): Promise<string | undefined> {
  const options = own(given)
  const exchange = new Exchange(probeRequest(endpoint, options), clock)
  const timer = clock.timer(() => {
    exchange.cancel(new TrafficError('upstream_timeout', `it did not answer within ${timeout} ms`))
  })
  timer.arm(timeout)
  let connection: PooledConnection | undefined
  try {
    connection = await endpoint.open(exchange)
    if (options.kind === 'tcp') return undefined
    const response = await connection.send(exchange)
    if (options.kind === 'grpc') return await whyNotServing(response, options.service)
    const { status } = response
    const good = (options.statuses ?? OK).some(({ from, to }) => from <= status && status <= to)
    return good ? undefined : `it answered ${status}`
  } catch (thrown) {
    return TrafficError.from(thrown).message
  } finally {
    timer.disarm()
    connection?.destroy()
  }
}

/** Made for each check, since connections may change what they send. */
function probeRequest(endpoint: Probed, given: ProbeOptions): HttpRequest {
  const options = own(given)
  const { host, headers = {} } = options.kind === 'tcp' ? NOTHING : options
  const { method, path, fields, body } = contentOf(options)
  const query = path.indexOf('?')
  return new HttpRequest({
    method,
    scheme: 'http',
    authority: host === undefined ? endpoint.authority : hostAuthority(host),
    path: query < 0 ? path : path.slice(0, query),
    query: query < 0 ? '' : path.slice(query),
    headers: HeaderList.of({ 'user-agent': 'headgate-health-check', ...fields, ...headers }),
    body,
    version: '1.1',
    upgrade: undefined,
  })
}

const NOTHING: Pick<HttpProbe, 'host' | 'headers'> = {}

interface ProbeContent {
  readonly method: string
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
  readonly body: WholeBody
}

function contentOf(options: ProbeOptions): ProbeContent {
  if (options.kind === 'grpc') {
    const body = WholeBody.fromBytes(healthRequest(options.service))
    return { method: 'POST', path: HEALTH_CHECK, fields: { 'content-type': 'application/grpc' }, body }
  }
  const { method = 'GET', path } = options.kind === 'http' ? options : { path: '/' }
  return { method, path, fields: {}, body: EMPTY_BODY }
}

function hostAuthority(host: string): Authority {
  const authority = canonicalAuthority(host, 80)
  if (authority instanceof InvalidTarget)
    throw new TypeError(`${JSON.stringify(host)} is not a host: ${authority.reason}`)
  return authority
}
