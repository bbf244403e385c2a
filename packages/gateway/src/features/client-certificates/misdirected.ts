import { fact, type Fact, TrafficError } from '@headgate/core'

/** Why an exchange is refused before a route is looked for; undefined where it is not. */
export const misdirection: Fact<TrafficError> = fact<TrafficError>('why it is misdirected')

/**
 * For a request to a host whose clients are asked for something else than those of the name that the connection was made for: it
 * must not pass by the name of another (CVE-2025-23419 and its like), and whoever asks again makes a connection for that host.
 */
export function misdirectedError(): TrafficError {
  const reason =
    'the connection was made for another name, of whose clients another certificate is asked, or none: make one for this host'
  return new TrafficError('misdirected', reason, { phase: 'route' })
}
