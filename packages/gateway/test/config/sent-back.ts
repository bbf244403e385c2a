import assert from 'node:assert/strict'
import { configJsonSchema } from '../../src/config/json-schema/json-schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { redact } from '../../src/settings/redact.ts'
import { restoreRedacted } from '../../src/config/restore-redacted.ts'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { writtenConfig } from '../../src/config/shown.ts'

/** Made once: that takes as long as fifty configurations. */
const SCHEMA = configJsonSchema()

/** Whoever is shown a configuration and sends it back changes nothing, but that variables are no longer known by their names. */
export function assertSentBackIsSame(config: GatewayConfig): void {
  const written: unknown = JSON.parse(JSON.stringify(writtenConfig(config)))
  const shown = redact(written, SCHEMA)
  const result = parseConfig(restoreRedacted(shown, written, shown).input)
  assert.ok(result.ok, JSON.stringify(result))
  // Files of schemas are read, and modules run, with a configuration that comes from a file.
  const { variables: _, schemas: _schemas, ...values } = config
  assert.equal(unread(result.config), unread(values))
}

function unread(config: unknown): string {
  return JSON.stringify(config, (key, value: unknown) => (key === 'version' && isRead(value) ? '' : value))
}

/** As versions of modules are: sixteen digits of a hash. */
function isRead(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
}
