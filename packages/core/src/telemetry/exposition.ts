import type { Metric } from './metric.ts'

/** The media type of what `renderExposition` makes. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** A metric with all of its series. */
export interface MetricFamily {
  readonly metric: Metric
  readonly series: Iterable<MetricSeries>
}

export interface MetricSeries {
  /** Of the labels, in their order. */
  readonly values: readonly string[]
  /** Its first slot in each memory. */
  readonly index: number
}

/**
 * All metrics as one page in Prometheus' text exposition format 0.0.4. Reads what the writers wrote so far; they are not
 * asked and do not wait.
 * @param views of the memories of all threads
 */
export function renderExposition(families: Iterable<MetricFamily>, views: readonly Float64Array[]): string {
  let page = ''
  for (const family of families) page += renderFamily(family, views)
  return page
}

function renderFamily({ metric, series }: MetricFamily, views: readonly Float64Array[]): string {
  const { name, help, kind, sparse, across } = metric
  let text = ''
  for (const { values, index } of series) {
    const labels = renderLabels(metric.labels, values)
    if (kind === 'histogram') text += renderHistogram(metric, labels, index, views)
    else {
      const value = merge(views, index, across)
      if (value !== 0 || !sparse) text += line(name, labels, value)
    }
  }
  if (text === '') return ''
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${kind}\n${text}`
}

/** The count is the sum of the buckets, not a slot of its own: so it agrees with them while a writer goes on. */
function renderHistogram(
  { name, bounds, sparse }: Metric,
  rendered: string,
  index: number,
  views: readonly Float64Array[],
): string {
  const before = rendered === '' ? '' : `${rendered},`
  let text = ''
  let count = 0
  for (let bucket = 0; bucket <= bounds.length; bucket++) {
    count += merge(views, index + bucket, 'sum')
    text += line(`${name}_bucket`, `${before}le="${formatValue(bounds[bucket] ?? Infinity)}"`, count)
  }
  if (count === 0 && sparse) return ''
  const sum = merge(views, index + bounds.length + 1, 'sum')
  return text + line(`${name}_sum`, rendered, sum) + line(`${name}_count`, rendered, count)
}

/** What the slot comes to in all memories. */
export function merge(views: readonly Float64Array[], index: number, across: 'sum' | 'max'): number {
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

function renderLabels(names: readonly string[], values: readonly string[]): string {
  return names.map((name, position) => `${name}="${escapeLabel(values[position] ?? '')}"`).join(',')
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
