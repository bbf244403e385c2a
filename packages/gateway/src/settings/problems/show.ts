import { redactText, redactUrlValue } from '../redact-text.ts'

const LONGEST = 100

/** A value in a message: short, on one line, credentials hidden; what is not a scalar is only named. */
export function show(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'a date' : value.toISOString()
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}

function quote(text: string): string {
  const safe = redactText(redactUrlValue(text))
  return JSON.stringify(safe.length > LONGEST ? `${safe.slice(0, LONGEST)}...` : safe)
}
