/** How deep lists and objects may stand in each other: what reads them goes down with them, and its stack has an end. */
export const DEEPEST = 100

/** Values of a configuration, those counted again that an anchor or a reference brings to a second place. */
export const MOST_VALUES = 2_000_000

/** Of a file, in bytes; as much as the admin API takes. */
export const LARGEST_FILE: number = 32 * 1024 * 1024

export const TOO_DEEP: string = `this is nested deeper than ${DEEPEST} levels`
