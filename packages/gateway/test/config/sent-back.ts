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
  // Files of schemas are read with a configuration that comes from a file.
  const { variables: _, schemas: _schemas, ...values } = config
  assert.equal(JSON.stringify(result.config), JSON.stringify(values))
}
