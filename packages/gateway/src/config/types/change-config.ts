/** Where the token of the admin endpoints is found. */
export type AdminTokenConfig = { readonly env: string } | { readonly file: string }

export interface ReloadConfig {
  readonly watch: boolean
}

export interface VersionsConfig {
  /** Absent: a folder for this configuration file in the state folder of the system. */
  readonly directory?: string | undefined
  readonly keep: number
}
