import { fieldValue } from '@headgate/core'
import type { CliOption } from './command.ts'

/** Fields of a request. @param when to be given, where it is not always */
export function headerOption(when: string = ''): CliOption {
  return {
    flags: '-H, --header <field>',
    about: `${when}a header field, as "name: value"; may be repeated`,
    repeats: true,
  }
}

/** The fields by their names in lower case, or what is wrong with one of them. */
export function headersOf(header: string | undefined): Record<string, string> | string {
  const headers: Record<string, string> = {}
  for (const line of header?.split('\n') ?? []) {
    const [, name, value] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? []
    if (name === undefined || value === undefined)
      return `--header ${JSON.stringify(line)} is not a header field, such as "x-canary: true"`
    const known = headers[name.toLowerCase()]
    const sent = fieldValue(value)
    headers[name.toLowerCase()] = known === undefined ? sent : `${known}, ${sent}`
  }
  return headers
}
