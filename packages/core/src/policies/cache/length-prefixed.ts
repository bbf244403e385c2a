/**
 * One part of a text that many are joined to: its length stands before it, so that no part can be taken for two, nor two for one,
 * whatever they hold. A part that is missing is another than an empty one.
 */
export function part(text: string | undefined): string {
  return text === undefined ? '-' : `${text.length}:${text}`
}
