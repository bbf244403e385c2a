import { resolveFiles } from '../config/files.ts'
import { configJsonSchema } from '../config/json-schema/json-schema.ts'
import { parseConfig } from '../config/parse.ts'
import { variablesOf } from '../settings/prepare/variables.ts'
import { redact } from '../settings/redact.ts'
import { nameVariables, writtenConfig } from '../config/shown.ts'
import type { Version } from './version.ts'

/** A version as somebody would write it who leaves nothing to defaults. */
export interface WrittenVersion {
  /** With its secrets. */
  readonly whole: unknown
  /** As it may be shown. */
  readonly shown: unknown
}

/** The one that is asked for again and again. */
let last: { readonly version: Version; readonly written: WrittenVersion } | undefined

/** With all defaults, so that one that is written out is no difference; as it was written if another release wrote it. */
export function writtenVersion(version: Version): WrittenVersion {
  if (last?.version === version) return last.written
  const { input, folder } = version
  const read = parseConfig(input, { variables: variablesOf(folder, process.env, undefined, false) })
  // Without what is undefined: as JSON, in which it is shown.
  const whole: unknown = read.ok
    ? JSON.parse(
        JSON.stringify(
          nameVariables(writtenConfig(resolveFiles(read.config, folder)), read.config.variables),
        ),
      )
    : input
  last = { version, written: { whole, shown: redact(whole, configJsonSchema()) } }
  return last.written
}
