import assert from 'node:assert/strict'
import { parseConfig } from '../../src/config/parse.ts'

/** A route with these settings is refused, and what is said of it is as expected. */
export function assertRefused(settings: object, expected: RegExp): void {
  const result = parseConfig({ routes: [{ upstream: 'http://127.0.0.1:9000', ...settings }] })
  assert.ok(!result.ok)
  assert.match(result.problems.map(({ message }) => message).join(), expected)
}
