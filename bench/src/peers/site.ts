import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileSize, hugeSize, smallBody } from '../origin/documents.ts'
import type { PeerSetup } from './peer.ts'

/** As many as routes, of which the workload of large files has few. */
const MOST_LARGE = 4

/** Makes the folder that servers of files serve, with a small file and, where there are few, a large one for each route. */
export function siteFolder({ folder, routes }: Pick<PeerSetup, 'folder' | 'routes'>): string {
  const site = join(folder, 'site')
  for (let route = 0; route < routes; route++) {
    const each = join(site, `r${route}`)
    mkdirSync(each, { recursive: true })
    // What the start of a peer is known by.
    writeFileSync(join(each, 'small'), smallBody)
    writeFileSync(join(each, 'file'), Buffer.alloc(fileSize, `headgate ${route} `))
    if (routes <= MOST_LARGE)
      writeFileSync(join(each, 'large-file'), Buffer.alloc(hugeSize, `headgate ${route} `))
  }
  return site
}
