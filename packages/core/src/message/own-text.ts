/** V8 makes copies of shorter parts of a text, and refers to the whole from longer ones. Characters. */
const SHORTEST_PART = 13

/**
 * A text that keeps no other one in memory. What is cut out of a text keeps all of that for as long as it is kept itself, as a field's
 * value a whole head.
 * @param text one byte a character
 */
export function ownText(text: string): string {
  return text.length < SHORTEST_PART ? text : Buffer.from(text, 'latin1').toString('latin1')
}
