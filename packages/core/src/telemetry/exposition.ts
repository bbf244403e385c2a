import type { Labels, MetricFamily, MetricLayout } from './layout.ts'

/** The media type of what `renderExposition` makes. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * The metrics of several memories of one layout as one page in Prometheus' text exposition format 0.0.4.
 * Reads what the writers wrote so far; they are not asked and do not wait.
 * @throws TypeError if a memory was made for another layout
 */
export function renderExposition(layout: MetricLayout, memories: readonly SharedArrayBuffer[]): string {
  const views: Float64Array[][] = Array.from({ length: layout.segments }, () => [])
  for (const memory of memories) {
    const { slots, segment } = layout.view(memory)
    views[segment]?.push(slots)
  }
  let page = ''
  for (const family of layout.families) page += renderFamily(family, views)
  return page
}

/** @param segments the memories of each segment */
function renderFamily(family: MetricFamily, segments: readonly (readonly Float64Array[])[]): string {
  const { name, help, type, sparse } = family
  let text = ''
  for (const { labels, segment, index } of family.series) {
    const views = segments[segment] ?? []
    if (type === 'histogram') text += renderHistogram(family, labels, index, views)
    else {
      const value = merge(views, index, family.across)
      if (value !== 0 || !sparse) text += line(name, renderLabels(labels), value)
    }
  }
  if (text === '') return ''
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${text}`
}

/** The count is the sum of the buckets, not a slot of its own: so it agrees with them while a writer goes on. */
function renderHistogram(
  family: MetricFamily,
  labels: Labels,
  index: number,
  views: readonly Float64Array[],
): string {
  const { name, bounds } = family
  const rendered = renderLabels(labels)
  const before = rendered === '' ? '' : `${rendered},`
  let text = ''
  let count = 0
  for (let bucket = 0; bucket <= bounds.length; bucket++) {
    count += merge(views, index + bucket, 'sum')
    text += line(`${name}_bucket`, `${before}le="${formatValue(bounds[bucket] ?? Infinity)}"`, count)
  }
  if (count === 0 && family.sparse) return ''
  const sum = merge(views, index + bounds.length + 1, 'sum')
  return text + line(`${name}_sum`, rendered, sum) + line(`${name}_count`, rendered, count)
}

function merge(views: readonly Float64Array[], index: number, across: 'sum' | 'max'): number {
  let merged = 0
  for (const view of views) {
    const value = view[index] ?? 0
    merged = across === 'sum' ? merged + value : Math.max(merged, value)
  }
  return merged
}

function line(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${formatValue(value)}\n` : `${name}{${labels}} ${formatValue(value)}\n`
}

function renderLabels(labels: Labels): string {
  let text = ''
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escapeLabel(labels[name] ?? '')}"`
  return text
}

function formatValue(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? escapeHelp(value).replaceAll('"', '\\"') : value
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
