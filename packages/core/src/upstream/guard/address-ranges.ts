/**
 * Where an address leads. `public` is what anybody on the internet can reach; everything else is one of the ranges of
 * the IANA special-purpose registries (RFC 6890), or an address at which a cloud hands out credentials.
 */
export type AddressRange =
  | 'public'
  | 'metadata'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link-local'
  | 'site-local'
  | 'unique-local'
  | 'multicast'
  | 'broadcast'
  | 'documentation'
  | 'benchmarking'
  | 'protocol'
  | 'translation'
  | 'discard'
  | 'reserved'

/** The bytes of an address and how many of its first bits count. */
export interface Network {
  /** 4 or 16 of them. */
  readonly bytes: Uint8Array
  readonly bits: number
}

/** A row: the range, and its networks as text. The first row that holds an address decides. */
export type RangeRow = readonly [range: AddressRange, ...networks: string[]]

/** IANA IPv4 Special-Purpose Address Registry; RFC 1112 section 4 for multicast. What is in no row is public. */
export const IPV4_RANGES: readonly RangeRow[] = [
  // Nearly every cloud; containers of AWS (twice); Alibaba; the platform host of Azure.
  ['metadata', '169.254.169.254', '169.254.170.2', '169.254.170.23', '100.100.100.200', '168.63.129.16'],
  ['unspecified', '0.0.0.0/8'],
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['shared', '100.64.0.0/10'],
  ['loopback', '127.0.0.0/8'],
  ['link-local', '169.254.0.0/16'],
  // Anycast addresses in here are "globally reachable" by the registry, and answered by one's own NAT (RFC 7723, RFC 8155).
  ['protocol', '192.0.0.0/24'],
  ['documentation', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'],
  // The 6to4 relay anycast, deprecated (RFC 7526).
  ['translation', '192.88.99.0/24'],
  ['benchmarking', '198.18.0.0/15'],
  ['multicast', '224.0.0.0/4'],
  ['broadcast', '255.255.255.255'],
  ['reserved', '240.0.0.0/4'],
]

/** IANA IPv6 Special-Purpose Address Registry. The IPv4 addresses within an IPv6 address are judged besides. */
export const IPV6_RANGES: readonly RangeRow[] = [
  // AWS, Google Cloud, Scaleway, Oracle.
  ['metadata', 'fd00:ec2::254', 'fd20:ce::254', 'fd00:42::42', 'fd00:c1::a9fe:a9fe'],
  ['unspecified', '::'],
  ['loopback', '::1'],
  // Judged by the IPv4 address alone: mapped (the kernel sends IPv4), NAT64, 6to4, Teredo.
  ['public', '::ffff:0:0/96', '64:ff9b::/96', '2002::/16', '2001::/32'],
  // Of one's own network (RFC 8215); IPv4-translated (RFC 2765) and IPv4-compatible (RFC 4291 2.5.5.1) are obsolete.
  ['translation', '64:ff9b:1::/48', '::ffff:0:0:0/96', '::/96'],
  ['discard', '100::/64', '100:0:0:1::/64'],
  ['benchmarking', '2001:2::/48'],
  // Anycast to one's own NAT and name server, ORCHIDs, drones: nothing in here is an origin.
  ['protocol', '2001::/23'],
  ['documentation', '2001:db8::/32', '3fff::/20'],
  ['unique-local', 'fc00::/7'],
  ['link-local', 'fe80::/10'],
  ['site-local', 'fec0::/10'],
  ['multicast', 'ff00::/8'],
  // Global unicast as far as it has been given out (RFC 4291 section 4); whatever is elsewhere leads nowhere known.
  ['public', '2000::/3'],
  ['reserved', '::/0'],
]

/** What each range is, for messages. */
export const RANGE_NAMES: Readonly<Record<AddressRange, string>> = {
  public: 'public',
  metadata: 'a metadata service of a cloud',
  unspecified: '"this network" (RFC 1122)',
  loopback: 'this machine (loopback)',
  private: 'a private network (RFC 1918)',
  shared: 'the network of a provider behind NAT (RFC 6598)',
  'link-local': 'the local link (link-local)',
  'site-local': 'a local site (RFC 3879)',
  'unique-local': 'a private network (unique local, RFC 4193)',
  multicast: 'multicast',
  broadcast: 'broadcast',
  documentation: 'reserved for documentation',
  benchmarking: 'reserved for benchmarks (RFC 2544)',
  protocol: 'reserved for protocols (RFC 6890)',
  translation: 'a translator between IPv4 and IPv6',
  discard: 'a black hole (RFC 6666)',
  reserved: 'reserved',
}
