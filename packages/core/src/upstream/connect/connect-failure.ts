import { TrafficError } from '../../message/errors.ts'
import type { FailedAddress } from './happy-eyeballs.ts'

/** It is verified, but not whom we wait for; doing it again only meets the same peer, so it counts as ours to refuse. */
export function pinMismatch(place: string, objection: string): TrafficError {
  return new TrafficError('pin_mismatch', `the TLS peer at ${place} was refused: ${objection}`, {
    phase: 'tls',
    replaySafe: 'unsent',
  })
}

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is it running, and is the port right?',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'it does not answer',
  EMFILE: 'this process has too many open files; raise its limit (ulimit -n) or lower pool.maxConnections',
  EADDRNOTAVAIL:
    'no local port is free, and fewer, longer-lived connections are needed; or localAddress is none of this machine',
  ENOENT: 'the socket does not exist',
  EACCES: 'permission was denied',
}

const SOCKET_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens on it; is it a socket, and is its service running?',
}

/** Why none of the addresses could be connected to, and what to do about it. */
/** @param isSocket whether it is a unix socket, which has no port */
export function reasons(failures: readonly FailedAddress[], isSocket = false): string {
  return failures
    .map(({ address, error }) => {
      const code = 'code' in error ? String(error.code) : ''
      const advice = (isSocket ? SOCKET_ADVICE[code] : undefined) ?? ADVICE[code]
      const reason = advice === undefined ? error.message : `${code}, ${advice}`
      return failures.length > 1 ? `${address}: ${reason}` : reason
    })
    .join('; ')
}
