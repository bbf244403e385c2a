/**
 * What a terminal takes for an order, hides, or shows in another place than where it stands: controls of ISO 6429 (C0, DEL,
 * C1), marks that turn the direction of a text or have no width, separators of lines, halves of characters; and what a font
 * need not show (fillers, selectors of variants: a text can be hidden in them, or two names be made to look the same).
 * Unicode's categories; the line break and the tab are the printer's own.
 */
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu

/**
 * A text in which a terminal finds nothing but text; lines stay lines. What it hides is written as JSON writes it, so that JSON
 * stays what it was.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped)
}

/** The same for what is to stand in a line, whatever it holds. */
export function inLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t')
}

function escaped(character: string): string {
  let text = ''
  for (let at = 0; at < character.length; at++)
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  return text
}
