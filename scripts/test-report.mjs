// The reporter of `npm test`: a line for each file as it ends, each failure at once and again at the end, and nothing else;
// and the watch over the run, which is ended where no test ends any more, however long all of it takes.
import { relative, resolve } from 'node:path'
import { isGroup } from './test-groups.mjs'

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
  testsOf = new Map()
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
        return isFileOfGroup(data) ? this.fileEnded(ofFile(data, true)) : ''
      case 'test:fail':
        return this.failed(data)
      case 'test:stdout':
      case 'test:stderr':
        this.printed.set(data.entryFile, (this.printed.get(data.entryFile) ?? '') + data.message)
        return ''
      case 'test:summary':
        return data.file === undefined ? '' : this.processEnded(data)
      default:
        return ''
    }
  }

  namesOf(file) {
    const names = this.names.get(file) ?? []
    this.names.set(file, names)
    return names
  }

  count({ file, details, skip, todo }, outcome) {
    if (details?.type === 'suite') return
    this.counts.tests++
    this.testsOf.set(file, (this.testsOf.get(file) ?? 0) + 1)
    this.counts[skip !== undefined || todo !== undefined ? 'skipped' : outcome]++
  }

  failed(data) {
    this.count(data, 'failed')
    return `${this.failure(data)}${isFileOfGroup(data) ? this.fileEnded(ofFile(data, false)) : ''}`
  }

  failure(data) {
    const { error } = data.details
    // Its own tests have been told of.
    if (error?.failureType === 'subtestsFailed') return ''
    // The name of a file that shares a process is around those of its tests.
    const around = this.namesOf(data.file).slice(isGroup(data.entryFile) ? 1 : 0, data.nesting)
    const failure = `✖ ${this.placeOf(data)}${[...around, data.name].join(' > ')}\n${indented(messageOf(error))}`
    this.failures.push(failure)
    return `${failure}\n`
  }

  placeOf({ file, line, details }) {
    if (!isGroup(file)) return `${shown(file)}${line === undefined ? '' : `:${line}`}  `
    // A file that could not be loaded, or all of the process.
    return details.type === 'suite' ? '' : `in the process of ${this.runningFiles()}: `
  }

  runningFiles() {
    return [...this.running]
      .filter((file) => !isGroup(file))
      .map(shown)
      .join(', ')
  }

  processEnded({ file, success, duration_ms: duration }) {
    if (isGroup(file)) {
      this.running.delete(file)
      return ''
    }
    return this.fileEnded({ file, entry: file, success, duration })
  }

  fileEnded({ file, entry, success, duration }) {
    this.files++
    this.running.delete(file)
    const output = this.printed.get(entry)
    this.printed.delete(entry)
    this.names.delete(file)
    const tests = this.testsOf.get(file) ?? 0
    const line = `${success ? '✔' : '✖'} ${seconds(duration).padStart(7)}  ${shown(file)}  ${tests}\n`
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
    this.failures.push(
      `✖ nothing has happened for ${stallLimit / minute} minutes; still running: ${this.runningFiles() || 'no file'}\n`,
    )
    process.stdout.write(this.summary())
    this.lastNews = Date.now()
    // The runner passes it on to the processes of the tests.
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(1), 5_000).unref()
  }
}

/** Whether this is the end of a file that shares its process: there it is a suite. */
function isFileOfGroup({ file, nesting, details }) {
  return isGroup(file) && nesting === 0 && details.type === 'suite'
}

function ofFile({ name, entryFile, details }, success) {
  return { file: resolve(name), entry: entryFile, success, duration: details.duration_ms }
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
