/**
 * The options that an object has itself, without what it inherits. An attacker who gets a property into `Object.prototype` (prototype
 * pollution, CWE-1321; axios fell to it in CVE-2026-40175) would otherwise set every option that its owner left out: no guard, another
 * proxy, more header fields. The copy inherits nothing, so it may be read freely.
 */
export function own<Options extends object>(options: Options): Options {
  // Not Object.create(null), which makes a dictionary: this one is read as fast as any other object.
  return Object.setPrototypeOf({ ...options }, null) as Options
}

/** The same for all plain objects and lists within a value. What has a class of its own is left as it is. */
export function ownDeep<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(ownDeep) as Value
  if (!isPlain(value)) return value
  const entries = Object.entries(value).map(([name, each]: [string, unknown]) => [name, ownDeep(each)])
  return Object.setPrototypeOf(Object.fromEntries(entries), null) as Value
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** Every option of `Options`, by name: the compiler sees to it that none is forgotten, and none is too much. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true }

/**
 * As `own`, for objects that a caller has written: an option that nobody knows is a mistake of the hand, and is told.
 * @param place what the options belong to, for the message: `tls` makes `tls.verfy`
 * @throws TypeError that names the unknown option and the one that was probably meant
 */
export function knownOptions<Options extends object>(
  place: string,
  options: Options,
  names: OptionNames<Options>,
): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`option ${place} is no object; allowed: an object of options`)
  const known = Object.keys(names)
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw unknownOption(`${place}.${name}`, name, known)
  return own(options)
}

/** @param option as it is told, with its place; @param name as it was written */
export function unknownOption(option: string, name: string, known: readonly string[]): TypeError {
  return new TypeError(`option ${option} is not known: ${didYouMean(name, known)}`)
}

/** What to say behind a name that is not known. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = known.find((each) => isNear(each.toLowerCase(), name.toLowerCase()))
  return near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`
}

/** One letter more, less or other, or two swapped: what slips of the finger do. */
function isNear(one: string, other: string): boolean {
  if (other.length > 2 && (one.startsWith(other) || other.startsWith(one))) return true
  if (Math.abs(one.length - other.length) > 1) return false
  let start = 0
  while (start < one.length && one[start] === other[start]) start++
  const tail = (text: string, from: number): string => text.slice(start + from)
  return (
    tail(one, 1) === tail(other, 1) ||
    tail(one, 1) === tail(other, 0) ||
    tail(one, 0) === tail(other, 1) ||
    (tail(one, 2) === tail(other, 2) && one[start] === other[start + 1] && one[start + 1] === other[start])
  )
}
