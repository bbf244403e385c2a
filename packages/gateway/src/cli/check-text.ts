/** What is known of an endpoint's health checks. */
export interface CheckedEndpoint {
  readonly lastCheck?: {
    readonly time: string
    readonly took: number
    readonly outcome: string
    readonly reason?: string
  }
}

/** How its last check ended, as `passed` or `failed: it answered 503`; nothing where there was none. */
export function checkText({ lastCheck }: CheckedEndpoint): string {
  if (lastCheck === undefined) return ''
  const { outcome, reason } = lastCheck
  return reason === undefined ? outcome : `${outcome}: ${reason}`
}
