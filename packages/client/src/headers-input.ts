/** Header fields as `fetch` takes them; undefined leaves a field out. */
export type HeadersInput =
  | Headers
  | Readonly<Record<string, FieldValue | readonly FieldValue[]>>
  | Iterable<readonly [string, FieldValue | readonly FieldValue[]]>

/** What a header field may be: undefined and null leave it out. */
export type FieldValue = string | number | bigint | boolean | null | undefined
