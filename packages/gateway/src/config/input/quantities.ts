import type { Handle } from '../../features/handlers/answer-by-code.ts'
import type { ChangeEvent } from '../../features/event-stream/event-by-code.ts'
import type { ChangeRequest, ChangeResponse } from '../../features/transform/by-code.ts'

/** The units of time that a configuration knows. */
type TimeUnit = 'ms' | 's' | 'm' | 'h'

/** `250ms`, `30s`, `5m` or `1h`: a whole number with its unit. */
export type Duration = `${bigint}${TimeUnit}`

/** `512B`, `64KiB` (1024), `10MB` (1,000,000) and so on: a whole number with its unit. */
export type ByteSize = `${bigint}${'B' | 'KB' | 'KiB' | 'MB' | 'MiB' | 'GB' | 'GiB'}`

/** `240B/s`, `1KiB/s` and so on. */
export type ByteRate = `${ByteSize}/s`

/** Requests in a time: `100/s`, `60/m`, or with a number before the unit: `5/10s`; or in a day or a month of the calendar. */
export type RequestRate = `${bigint}/${TimeUnit | Duration | 'day' | 'month'}`

/** Nothing, where a quantity may be 0, which needs no unit. */
export type Zero = 0 | '0'

/** Without a limit: YAML 1.2 reads `off` as a text, and 1.1 as false. */
export type Off = 'off' | false

/** A text with a variable: `${PORT}`, `${HOST:-127.0.0.1}:80`, `${file:/run/secrets/token}`. */
type WithVariable = `${string}\${${string}}${string}`

/** The same with variables in its values, as configuration files may have them. */
export type AsInFile<T> = T extends string | number | boolean
  ? T | WithVariable
  : T extends Handle | ChangeRequest | ChangeResponse | ChangeEvent
    ? T
    : T extends readonly (infer Item)[]
      ? AsInFile<Item>[]
      : T extends object
        ? { [Key in keyof T]: AsInFile<T[Key]> }
        : T
