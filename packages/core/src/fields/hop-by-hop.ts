/** Fields that concern one connection only and are not passed on (RFC 9110 7.6.1), and those that were meant to be. */
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
])

/**
 * Fields that say what only we may say, with "-" left out: "x_forwarded_for" and "x.forwarded.for" arrive at many
 * applications as the same variable as "x-forwarded-for" (CGI, WSGI, Rack), so such variants must not pass.
 */
const OURS: ReadonlySet<string> = new Set([
  'forwarded',
  'via',
  'xforwardedfor',
  'xforwardedhost',
  'xforwardedport',
  'xforwardedproto',
  'xrealip',
  'xrequestid',
  'contentlength',
  'transferencoding',
  'host',
])

/** Names already judged: messages repeat a few dozen names. Emptied when full, as names can be forged. */
const judged = new Map<string, boolean>()
const JUDGED_LIMIT = 1024

/** Whether a field passes on: `named` are the names that Connection listed. */
export function passesOn(name: string, named: ReadonlySet<string> | undefined): boolean {
  let passes = judged.get(name)
  if (passes === undefined) {
    passes = judge(name)
    if (judged.size >= JUDGED_LIMIT) judged.clear()
    judged.set(name, passes)
  }
  return passes && (named === undefined || !named.has(name))
}

function judge(name: string): boolean {
  if (HOP_BY_HOP.has(name)) return false
  return !(/[_.]/.test(name) && OURS.has(name.replace(/[-_.]/g, '')))
}

/**
 * Names that Connection may list without effect: without them a message means something else, and a peer must not be able
 * to have them removed (RFC 9110 7.6.1; "hop-by-hop abuse").
 */
const KEPT: ReadonlySet<string> = new Set(['host', 'content-length', 'content-type', 'cache-control', 'authorization', 'cookie'])

/** The field names that a Connection value lists beside its options; undefined if there are none, as is usual. */
export function connectionNames(value: string | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined
  const names = value.split(',').map((name) => name.trim().toLowerCase())
  return new Set(names.filter((name) => !KEPT.has(name)))
}
