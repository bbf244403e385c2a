/** The static table of HPACK (RFC 7541 appendix A) in its order, one entry a line: the name, and the value where it has one. */
const ENTRIES = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`

/** Entry 1 of the table is the first one here. */
export const STATIC_ENTRIES: readonly (readonly [name: string, value: string])[] = ENTRIES.split('\n').map(
  (line) => {
    const [name = '', ...value] = line.split(' ')
    return [name, value.join(' ')]
  },
)

/** The index of the dynamic table's newest entry (RFC 7541 2.3.3). */
export const FIRST_DYNAMIC_INDEX: number = STATIC_ENTRIES.length + 1
