export const HIDDEN = '[redacted]'

/**
 * Hides what stands before the "@" of URLs. Greedy on purpose: passwords that should have been escaped may
 * themselves hold "/" and "@".
 */
export function redactUrls(text: string): string {
  return text.replaceAll(/(:\/\/)[^\s"'`]*@/g, `$1${HIDDEN}@`)
}
