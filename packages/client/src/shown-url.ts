/** A URL for messages, whatever its form: queries, fragments and credentials carry secrets and personal data, and stay out. */
export function shown(url: string): string {
  const end = url.search(/[?#]/)
  const place = (end < 0 ? url : url.slice(0, end)).replace(
    // Also where what stands for a scheme is none: it is such URLs that messages are about.
    /^([^\\/@:]*:[\\/]*|[\\/]{2,})[^\\/]*@/,
    '$1***@',
  )
  return end < 0 ? place : `${place}${url[end]}…`
}
