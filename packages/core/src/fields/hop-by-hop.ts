import type { HeaderLine, Passage } from '../message/header-line.ts'
import { listMembers } from '../message/tokens.ts'

/** Which claims a filter removes, which fields are ours, and which names the Connection field listed. */
export interface FieldFilter {
  /** X-Forwarded-For, -Host, -Port and -Proto. */
  readonly dropXForwarded: boolean
  /** All others of X-Forwarded-*, and those of `isClaim`. */
  readonly dropXClaims: boolean
  readonly dropForwarded: boolean
  /** Names of fields that policies of ours have set by now: they pass, whatever they are, and their variants do not. */
  readonly ownFields: ReadonlySet<string>
  /** See `connectionNames`. */
  readonly named: ReadonlySet<string> | undefined
}

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  // What TLS has verified is ours to say (RFC 9440 2.1): nobody else's word is passed on, a proxy's neither.
  'client-cert',
  'client-cert-chain',
  // Means nothing in HTTP, but CGI hands it to programs as HTTP_PROXY (httpoxy, CVE-2016-5385).
  'proxy',
])

/**
 * What CDNs and other proxies say of the client, and applications believe (True-Client-IP is the first that some look at), of its
 * certificate, and of the target: frameworks have taken X-Original-URL and X-Rewrite-URL for the path, past every rule on paths before them
 * (CVE-2018-14773).
 */
const CLAIMS: ReadonlySet<string> = new Set(
  [
    'x-real-ip x-client-ip client-ip true-client-ip x-cluster-client-ip cf-connecting-ip cf-connecting-ipv6 fastly-client-ip',
    'x-client-cert x-ssl-client-cert ssl-client-cert ssl-client-verify x-amzn-mtls-clientcert x-client-certificate x-ssl-cert',
    'x-envoy-external-address x-original-forwarded-for forwarded-for x-original-host x-host x-original-url x-rewrite-url',
  ].flatMap((names) => names.split(' ')),
)

/** Whether a field, in lower case, says what anybody may claim, besides X-Forwarded-* and Forwarded. */
export function isClaim(name: string): boolean {
  return CLAIMS.has(name)
}

/** Whether a field, in lower case, is for one connection alone, or must not be passed on. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name)
}

const CLAIM_LETTERS: ReadonlySet<string> = new Set(Array.from(CLAIMS, lettersOf))

/**
 * Fields that say what only we may say, with "-" left out: "x_forwarded_for" and "x.forwarded.for" arrive at many
 * applications as the same variable as "x-forwarded-for" (CGI, WSGI, Rack), so such variants must not pass. Some turn every
 * character that is no letter or digit into "_".
 */
const OURS =
  /^(?:forwarded|via|host|contentlength|transferencoding|xrequestid|clientcert(?:chain)?|xforwarded.*)$/

function posesAsOurs(name: string): boolean {
  const letters = lettersOf(name)
  return OURS.test(letters) || CLAIM_LETTERS.has(letters)
}

const WRITTEN: ReadonlySet<string> = new Set(
  'x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto'.split(' '),
)

/** Names already judged: messages repeat a few dozen. Emptied when full, as names can be forged. */
const judged = new Map<string, Passage>()
const JUDGED_LIMIT = 1024

function passageOf(name: string): Passage {
  let passage = judged.get(name)
  if (passage === undefined) {
    passage = judge(name)
    if (judged.size >= JUDGED_LIMIT) judged.clear()
    judged.set(name, passage)
  }
  return passage
}

/** Whether a line passes the filter. */
export function linePasses(line: HeaderLine, filter: FieldFilter): boolean {
  const { name } = line
  const passage = (line.passage ??= passageOf(name))
  if (passage !== 'passes') {
    if (filter.ownFields.has(name)) return true
    if (passage === 'ends') return false
    if (passage === 'variant') {
      if (isVariant(name, filter.ownFields)) return false
    } else if (isDropped(passage, filter)) return false
  }
  return filter.named === undefined || !filter.named.has(name)
}

function isDropped(passage: Passage, filter: FieldFilter): boolean {
  if (passage === 'x-forwarded') return filter.dropXForwarded
  return passage === 'x-claim' ? filter.dropXClaims : filter.dropForwarded
}

function judge(name: string): Passage {
  if (HOP_BY_HOP.has(name)) return 'ends'
  if (/[^a-z0-9-]/.test(name)) return posesAsOurs(name) ? 'ends' : 'variant'
  if (WRITTEN.has(name)) return 'x-forwarded'
  if (name.startsWith('x-forwarded-') || name === 'x-forwarded' || isClaim(name)) return 'x-claim'
  return name === 'forwarded' ? 'forwarded-claim' : 'passes'
}

function lettersOf(name: string): string {
  return name.replace(/[^a-z0-9]/g, '')
}

function isVariant(name: string, ownFields: ReadonlySet<string>): boolean {
  const letters = lettersOf(name)
  for (const own of ownFields) if (lettersOf(own) === letters) return true
  return false
}

/**
 * Names that Connection may list without effect: without them a message means something else, or they are ours, and a peer
 * must not be able to have them removed (RFC 9110 7.6.1; "hop-by-hop abuse").
 */
const KEPT: ReadonlySet<string> = new Set(
  'host content-length content-type cache-control authorization cookie x-request-id via cdn-loop'.split(' '),
)

/** The field names that a Connection value lists beside its options; undefined if there are none, as is usual. */
export function connectionNames(
  value: string | undefined,
  ownFields: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined
  const names = listMembers(value).map((name) => name.toLowerCase())
  return new Set(names.filter((name) => !KEPT.has(name) && !ownFields.has(name)))
}
