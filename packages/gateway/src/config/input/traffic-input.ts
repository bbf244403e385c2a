import type { ByteSize, Zero } from './quantities.ts'
export interface RewriteInput {
  /** A path that is cut off the front of the request's: with /api, /api/orders becomes /orders. */
  stripPrefix?: string | undefined
  /**
   * Put what was cut off, here or by apiVersions.stripPath, back in front of Location, Content-Location, the URL of
   * Refresh and the Path of cookies in what the upstream answers. Default: true.
   */
  restorePrefix?: boolean | undefined
  /** The path that the upstream sees; it may hold variables such as ${params.id} and ${request.path}. */
  path?: string | undefined
  /** The Host that the upstream sees, as host or host:port. */
  host?: string | undefined
  /** Changes to the parameters of the query. */
  query?: QueryChangesInput | undefined
}

export interface QueryChangesInput {
  /** Parameters to replace or add, with their values, which may hold variables. */
  set?: Record<string, string> | undefined
  /** Parameters to add beside those that are there, with their values, which may hold variables. */
  add?: Record<string, string> | undefined
  /** Names of parameters to remove. */
  remove?: string[] | undefined
}

export interface HeaderChangesInput {
  /** Fields to replace or add, with their values, which may hold variables such as ${client.address}. */
  set?: Record<string, string> | undefined
  /** Fields to add beside those that are there, with their values, which may hold variables. */
  add?: Record<string, string> | undefined
  /** Names of fields to remove. */
  remove?: string[] | undefined
}

export interface RedirectInput {
  /** 301, 302, 303, 307 or 308. Default: 308. */
  status?: number | undefined
  /** Where to: a URL or a path, which may hold variables such as ${request.path} and ${request.query}. */
  location: string
}

export interface RespondInput {
  /** The status of the answer, from 200 to 599. Default: 200. */
  status?: number | undefined
  /** Fields of the answer, with their values, which may hold variables. */
  headers?: Record<string, string> | undefined
  /** The content of the answer; plain text, unless headers say otherwise. */
  body?: string | undefined
}

export interface SplitInput {
  /** Among which upstreams requests are spread. */
  upstreams: SplitUpstreamInput[]
  /** What keeps somebody with the same upstream: client (the address), a header or a cookie. Left out: each request for itself. */
  sticky?: 'client' | StickyInput | undefined
}

export interface SplitUpstreamInput {
  /** The name of an upstream, or the URL of a single endpoint. */
  upstream: string
  /** Share of the requests, relative to the others; 0 for none. Default: 1. */
  weight?: number | undefined
}

export interface StickyInput {
  /** The field whose value decides; requests without it are spread one by one. */
  header?: string | undefined
  /** The cookie whose value decides; who has none is given one. */
  cookie?: string | undefined
}

export interface MirrorInput {
  /** The name of an upstream, or the URL of a single endpoint, that gets a copy; what it answers is dropped. */
  upstream: string
  /** Share of the requests that are copied, in percent. Default: 100. */
  percent?: number | undefined
  /** Copies per worker that may be under way; beyond that, none are made. Default: 64. */
  concurrency?: number | undefined
  /** Requests with a larger body, or one that is still arriving, are not copied. Default: 16KiB. */
  body?: ByteSize | Zero | undefined
}
