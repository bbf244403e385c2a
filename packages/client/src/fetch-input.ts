import type { CallOptions } from './options.ts'

/** Options of `fetch`: the platform's, and those of a call that the platform does not know. */
export type FetchInit = RequestInit & Omit<CallOptions, keyof RequestInit | 'redirectMode' | 'throwOnStatus'>

/** What `fetch` was given, as a call: a Request is taken apart, and what stands beside it counts more. */
export function fetchInput(
  input: string | URL | Request,
  init: FetchInit | undefined,
): { readonly url: string; readonly call: CallOptions } {
  const { redirect: redirectMode, ...rest } = init ?? {}
  const own = { throwOnStatus: false, ...rest, ...(redirectMode && { redirectMode }) } as CallOptions
  if (!(input instanceof Request)) return { url: String(input), call: own }
  return {
    url: input.url,
    call: {
      method: input.method,
      headers: input.headers,
      signal: input.signal,
      redirectMode: input.redirect,
      ...(input.body !== null && { body: input.body }),
      ...own,
    },
  }
}
