import { once, zod } from '../../settings/schema/library.ts'
import { named, type Read, section } from '../../settings/schema/section.ts'
import { boolean, integer, value } from '../../settings/schema/setting.ts'
import { anyText, filePath } from '../../settings/values/kinds.ts'

// The settings of how the configuration itself is changed.

export const adminToken = once(() =>
  named(
    'AdminTokenInput',
    zod().union([
      section('AdminTokenVariableInput', () => ({
        env: value(anyText, 'The environment variable that holds it.'),
      }))(),
      section('AdminTokenFileInput', () => ({ file: value(filePath, 'The file that holds it.') }))(),
    ]),
  ),
)

export type AdminTokenConfig = Read<typeof adminToken>

export const reload = section('ReloadInput', () => ({
  watch: boolean('Reload when the configuration file changes.', true),
}))

export const versions = section('VersionsInput', () => ({
  directory: value(
    filePath,
    'Folder where applied configurations are kept. Left out: one for this file in $STATE_DIRECTORY, $XDG_STATE_HOME or ~/.local/state.',
  ).optional(),
  keep: integer('How many applied configurations are kept.', 20, 1, 1000),
}))
