/** A URL for messages: query, fragment and credentials, which may hold secrets, stay out. */
export function shownUrl(url: string): string {
  const end = url.search(/[?#]/)
  const place = (end < 0 ? url : url.slice(0, end)).replace(/^([^\\/@:]*:[\\/]*|[\\/]{2,})[^\\/]*@/, '$1***@')
  return end < 0 ? place : `${place}${url[end]}…`
}
