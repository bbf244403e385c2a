export const ORIGINS = ['start', 'file', 'signal', 'admin', 'rollback'] as const
/** What brought a configuration about. */
export type VersionOrigin = (typeof ORIGINS)[number]

export interface VersionFacts {
  /** Counts up, over restarts too. */
  readonly id: number
  /** Of the configuration and the files that it names. */
  readonly hash: string
  /** When it was put in force, in ISO 8601. */
  readonly time: string
  readonly origin: VersionOrigin
  /** Who, as far as that is known. */
  readonly author?: string | undefined
  /** What it changed, in a line. */
  readonly summary: string
}

/** A configuration that was put in force. */
export interface Version extends VersionFacts {
  /** As it was written. */
  readonly input: unknown
  /** Where its relative paths start. */
  readonly folder: string
}
