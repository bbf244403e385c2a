import { fact, type Fact, type WholeBody } from '@headgate/core'

/** What the body of a request holds, where it was parsed as JSON. Nobody changes it. */
export interface JsonBody {
  /** That of the request when it was parsed: another one may stand in its place by now. */
  readonly body: WholeBody
  readonly value: unknown
}

/** Stated by whoever parses the body before somebody else asks for it, so that nobody parses it again. */
export const jsonBody: Fact<JsonBody> = fact<JsonBody>('JSON body')
