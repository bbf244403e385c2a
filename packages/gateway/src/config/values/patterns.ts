// Patterns of the JSON Schema that several kinds of values share: an outline of what their parsers take, never less.

/** RFC 9110 5.6.2. */
export const TOKEN: string = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"

const LABEL = '[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?'
/** A name of labels in lower case, or an IPv4 address. */
export const NAME_OF_HOST: string = `[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\\.${LABEL})*`
/** The same, or an IPv6 address in brackets. */
export const HOST: string = `(?:${NAME_OF_HOST}|\\[[0-9a-f:.]+\\])`

const AUTHORITY = '(?:[A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{0,5})?'
export const UPSTREAM_URL: string = `(?:[Hh][Tt][Tt][Pp][Ss]?://${AUTHORITY}/?|(?:https\\+)?unix:/[^\\u0000]*)`
