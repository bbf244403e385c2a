export type AdminTokenInput =
  | {
      /** The environment variable that holds it. */
      env: string
    }
  | {
      /** The file that holds it. */
      file: string
    }

export interface ReloadInput {
  /** Reload when the configuration file changes. Default: true. */
  watch?: boolean | undefined
}

export interface VersionsInput {
  /** Folder where applied configurations are kept. Left out: one for this file in $STATE_DIRECTORY, $XDG_STATE_HOME or ~/.local/state. */
  directory?: string | undefined
  /** How many applied configurations are kept. Default: 20. */
  keep?: number | undefined
}
