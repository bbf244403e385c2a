import type { RequestListener } from 'node:http'

/** Answers with these statuses, one after the other, and then 200. */
export function statuses(...list: number[]): RequestListener {
  let count = 0
  return (_, response) => {
    response.statusCode = list[count++] ?? 200
    response.end(String(count))
  }
}
