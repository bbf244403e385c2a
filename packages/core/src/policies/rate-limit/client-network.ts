const MAPPED = '::ffff:'

/**
 * Whom an address stands for where clients are told apart: an IPv4 address itself; of an IPv6 address its network of 64 bits, as
 * one subscriber usually has all the addresses of one (RFC 6177), and could use a new one for each request. One text for all
 * the ways to write an address.
 */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address
  // How a socket of both families writes IPv4: on many listeners, that is each client.
  if (address.startsWith(MAPPED) && address.includes('.')) return address.slice(MAPPED.length)
  const mapped = /^(?:::|(?:0+:){5})ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1] as string // a group that always takes part in the match
  const gap = address.indexOf('::')
  const groups = (gap < 0 ? address : address.slice(0, gap)).split(':')
  let network = ''
  for (let index = 0; index < 4; index++)
    network += `${groupAt(groups, index, gap < 0 ? '' : address.slice(gap + 2))}:`
  return `${network}:/64`
}

/** Group `index` of the first four, where those behind the gap stand at the end of eight. */
function groupAt(groups: readonly string[], index: number, behind: string): string {
  const before = groups[index]
  if (before !== undefined && before !== '') return canonical(before)
  const rest = behind === '' ? [] : behind.split(':')
  // An IPv4 address at the end stands for two groups.
  const missing = 8 - rest.length - (behind.includes('.') ? 1 : 0)
  return canonical(rest[index - missing] ?? '0')
}

function canonical(group: string): string {
  return group.replace(/^0+(?=.)/, '').toLowerCase()
}
