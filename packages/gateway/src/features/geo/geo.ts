import { type AddressOctets, Mmdb, writeOctets } from './mmdb.ts'
import { type GeoLookup, type GeoPlace, NOWHERE, placeOf, together } from './geo-place.ts'

/** What came of a look-up; `failed`: the file is broken where the address leads. */
export type GeoOutcome = 'found' | 'unknown' | 'failed'

/** Bounds of what is remembered: addresses of clients, and records of each file. */
const MOST_ADDRESSES = 8192
const MOST_RECORDS = 8192

/** Where addresses are, by the databases in force, in one thread. It outlives snapshots; the databases may be replaced at any time. */
export class Geo {
  /** Called with what came of each look-up. */
  onLookup: (outcome: GeoOutcome) => void
  private tables: readonly PlaceTable[] = []
  /** Who has come before comes again: this takes a tenth of the time of a walk through the tree, and one request may ask several times. */
  private readonly known = new Map<string, GeoPlace>()
  private readonly octets: AddressOctets = { octets: new Uint8Array(16), length: 4 }

  constructor(onLookup: (outcome: GeoOutcome) => void = () => {}) {
    this.onLookup = onLookup
  }

  /**
   * From now on, these are asked, in this order.
   * @param files whole, and checked
   */
  use(files: readonly { readonly bytes: SharedArrayBuffer }[]): void {
    this.tables = files.map(({ bytes }) => new PlaceTable(new Mmdb(Buffer.from(bytes))))
    this.known.clear()
  }

  /** Never throws: who cannot be found is nowhere. */
  readonly lookup: GeoLookup = (address) => {
    const place = this.known.get(address) ?? this.find(address)
    this.onLookup(place === FAILED ? 'failed' : place === NOWHERE ? 'unknown' : 'found')
    return place
  }

  private find(address: string): GeoPlace {
    const place = this.search(address)
    if (this.known.size >= MOST_ADDRESSES) this.known.clear()
    this.known.set(address, place)
    return place
  }

  private search(address: string): GeoPlace {
    if (!writeOctets(address, this.octets)) return NOWHERE
    let place = NOWHERE
    try {
      for (const table of this.tables) {
        const found = table.find(this.octets)
        if (found !== undefined) place = place === NOWHERE ? found : together(place, found)
      }
      return place
    } catch {
      return place === NOWHERE ? FAILED : place
    }
  }
}

const FAILED: GeoPlace = { ...NOWHERE }

/** The places of one file: many addresses lead to one record. */
class PlaceTable {
  private readonly file: Mmdb
  private readonly places = new Map<number, GeoPlace>()

  constructor(file: Mmdb) {
    this.file = file
  }

  find({ octets, length }: AddressOctets): GeoPlace | undefined {
    const record = this.file.find(octets, length)
    if (record === 0) return undefined
    const known = this.places.get(record)
    if (known !== undefined) return known
    const place = placeOf(this.file.record(record))
    if (this.places.size >= MOST_RECORDS) this.places.clear()
    this.places.set(record, place)
    return place
  }
}
