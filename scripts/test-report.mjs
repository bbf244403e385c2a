// The reporter of `npm test`: a line for each file as it ends, each failure at once and again at the end, and nothing else;
// and the watch over the run, which is ended where no test ends any more, however long all of it takes.
import { relative } from 'node:path'

const minute = 60_000
/** Without any news for so long, something hangs. A busy machine makes tests slow, but not silent. */
const stallLimit = 5 * minute
/** Of a failure's message, and of what a file that failed has printed. */
const mostLines = 15

/** Turns what happens in the run into text. */
// oxlint-disable-next-line import/no-default-export -- so node --test takes a reporter
export default async function* report(source) {
  const run = new Run()
  const watch = setInterval(() => run.endIfStalled(), 5_000)
  watch.unref()
  for await (const event of source) {
    const text = run.take(event)
    if (text !== '') yield text
  }
  clearInterval(watch)
  yield run.summary()
}

class Run {
  started = Date.now()
  lastNews = Date.now()
  /** Names of the tests around the present one, by file. */
  names = new Map()
  /** What files have printed, and those that have not ended. */
  printed = new Map()
  running = new Set()
  failures = []
  files = 0
  counts = { tests: 0, passed: 0, failed: 0, skipped: 0 }

  take({ type, data }) {
    this.lastNews = Date.now()
    switch (type) {
      // As it happens; the others come in the order of the files.
      case 'test:dequeue':
        this.running.add(data.file ?? data.name)
        return ''
      case 'test:start':
        this.namesOf(data.file).splice(data.nesting, Infinity, data.name)
        return ''
      case 'test:pass':
        this.count(data, 'passed')
        return ''
      case 'test:fail':
        return this.failed(data)
      case 'test:stdout':
      case 'test:stderr':
        this.printed.set(data.file, (this.printed.get(data.file) ?? '') + data.message)
        return ''
      case 'test:summary':
        return data.file === undefined ? '' : this.fileEnded(data)
      default:
        return ''
    }
  }

  namesOf(file) {
    const names = this.names.get(file) ?? []
    this.names.set(file, names)
    return names
  }

  count({ details, skip, todo }, outcome) {
    if (details?.type === 'suite') return
    this.counts.tests++
    this.counts[skip !== undefined || todo !== undefined ? 'skipped' : outcome]++
  }

  failed(data) {
    this.count(data, 'failed')
    const { error } = data.details
    // Its own tests have been told of.
    if (error?.failureType === 'subtestsFailed') return ''
    const name = [...this.namesOf(data.file).slice(0, data.nesting), data.name].join(' > ')
    const place = `${shown(data.file)}${data.line === undefined ? '' : `:${data.line}`}`
    const failure = `✖ ${place}  ${name}\n${indented(messageOf(error))}`
    this.failures.push(failure)
    return `${failure}\n`
  }

  fileEnded({ file, success, duration_ms: duration, counts }) {
    this.files++
    this.running.delete(file)
    const output = this.printed.get(file)
    this.printed.delete(file)
    this.names.delete(file)
    const line = `${success ? '✔' : '✖'} ${seconds(duration).padStart(7)}  ${shown(file)}  ${counts.tests}\n`
    return success || output === undefined ? line : `${line}${indented(lastLines(output))}\n`
  }

  summary() {
    const { tests, passed, failed, skipped } = this.counts
    const total = `${tests} tests in ${this.files} ${this.files === 1 ? 'file' : 'files'}: ${passed} passed, ${failed} failed, ${skipped} skipped, in ${seconds(Date.now() - this.started)}\n`
    if (this.failures.length === 0) return `\n${total}`
    return `\nWhat failed:\n\n${this.failures.join('\n')}\n${total}`
  }

  endIfStalled() {
    if (Date.now() - this.lastNews < stallLimit) return
    const files = [...this.running].map(shown).join(', ')
    this.failures.push(
      `✖ nothing has happened for ${stallLimit / minute} minutes; still running: ${files || 'no file'}\n`,
    )
    process.stdout.write(this.summary())
    this.lastNews = Date.now()
    // The runner passes it on to the processes of the tests.
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(1), 5_000).unref()
  }
}

function messageOf(error) {
  const cause = error?.cause ?? error
  if (typeof cause !== 'object' || cause === null) return String(cause)
  const { message = '', stack = '' } = cause
  const text = stack.includes(message) ? stack : `${message}\n${stack}`
  return firstLines(text === '' ? String(cause) : text)
}

function firstLines(text) {
  const lines = text.trimEnd().split('\n')
  return lines.length <= mostLines ? lines.join('\n') : [...lines.slice(0, mostLines), '…'].join('\n')
}

function lastLines(text) {
  const lines = text.trimEnd().split('\n')
  return lines.length <= mostLines ? lines.join('\n') : ['…', ...lines.slice(-mostLines)].join('\n')
}

function indented(text) {
  return text.replaceAll(/^/gm, '    ')
}

function shown(file) {
  return file === undefined ? '' : relative(process.cwd(), file)
}

function seconds(milliseconds) {
  if (milliseconds < 100 * 1000) return `${(milliseconds / 1000).toFixed(1)} s`
  return `${Math.floor(milliseconds / minute)} min ${Math.round((milliseconds % minute) / 1000)} s`
}
