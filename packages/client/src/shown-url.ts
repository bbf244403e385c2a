/** Queries carry tokens and personal data: they stay out of messages. */
export function shown(url: string): string {
  const mark = url.indexOf('?')
  return mark < 0 ? url : `${url.slice(0, mark)}?…`
}
