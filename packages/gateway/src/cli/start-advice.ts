import type { StartFailure } from '../workers/start-failure.ts'

/**
 * Why the gateway did not start and what to do about it, for whoever started it.
 * @param what begins the sentence where there is nothing better to say
 */
export function startAdvice(failure: StartFailure, what: string = 'cannot start: '): string {
  if (failure.syscall === 'open') {
    const why = failure.code === 'ENXIO' ? 'it is a socket, or a pipe that nobody reads' : failure.message
    return `cannot open ${failure.path}: ${why}`
  }
  if (failure.address === undefined) return `${what}${failure.message}`
  const place = placeOf(failure)
  return `cannot listen on ${place}: ${reason(failure)}`
}

function reason({ code, port, message }: StartFailure): string {
  switch (code) {
    case 'EADDRINUSE':
      return port === undefined
        ? 'another process answers there. Stop that one, or choose another path'
        : `another process has that port ("ss -ltnp sport = :${port}" shows which). Stop that one, or choose another port`
    case 'EACCES':
    case 'EPERM':
      return port === undefined
        ? 'this user may not create a file there. Choose another folder, or give the user access to this one'
        : 'this user may not use that port. Choose one from 1024 on, or allow it: AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit, --sysctl net.ipv4.ip_unprivileged_port_start=0 in Docker'
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address ("ip addr" shows those it has)'
    case 'EAFNOSUPPORT':
      return 'this machine does not speak that version of IP. Write 0.0.0.0 for every IPv4 address'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'that name has no address. Write an IP address'
    case 'ENOENT':
      return 'there is no such folder'
    default:
      return message
  }
}

function placeOf({ address = '', port }: StartFailure): string {
  if (port === undefined || port < 0) return `unix:${address}`
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
