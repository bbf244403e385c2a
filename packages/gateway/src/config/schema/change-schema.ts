import type { AdminTokenConfig, ReloadConfig, VersionsConfig } from '../types/change-config.ts'
import type { AdminTokenInput, ReloadInput, VersionsInput } from '../input/change-input.ts'
import { boolean, integer, text } from './setting.ts'
import * as z from './zod.ts'
import { anyText, filePath } from '../values/kinds.ts'

// The settings of how the configuration itself is changed.

export const adminToken: z.ZodType<AdminTokenConfig, AdminTokenInput> = z.union([
  z.strictObject({ env: text(anyText, 'The environment variable that holds it.') }),
  z.strictObject({ file: text(filePath, 'The file that holds it.') }),
])

export const reload: z.ZodType<ReloadConfig, ReloadInput> = z.strictObject({
  watch: boolean('Reload when the configuration file changes.', true),
})

export const versions: z.ZodType<VersionsConfig, VersionsInput> = z.strictObject({
  directory: text(
    filePath,
    'Folder where applied configurations are kept. Left out: one for this file in $STATE_DIRECTORY, $XDG_STATE_HOME or ~/.local/state.',
  ).optional(),
  keep: integer('How many applied configurations are kept.', 20, 1, 1000),
})
