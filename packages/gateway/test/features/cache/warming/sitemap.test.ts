import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { fc } from '../../../../../../scripts/testing/property.ts'
import { MOST_LOCATIONS, readSitemap } from '../../../../src/features/cache/warming/sitemap.ts'
import { urlsOf } from '../../../../src/features/cache/warming/sources.ts'

const XML = '<?xml version="1.0" encoding="UTF-8"?>'
const pages = (...urls: string[]): string =>
  `${XML}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls.map((url) => `<url><loc>${url}</loc></url>`).join('')}</urlset>`
const index = (...urls: string[]): string =>
  `${XML}<sitemapindex>${urls.map((url) => `<sitemap><loc>${url}</loc></sitemap>`).join('')}</sitemapindex>`

test('the locations of a sitemap are read, in whatever form they are written', () => {
  const text = `\ufeff${XML}<!-- <url><loc>http://a/comment</loc></url> -->
<urlset>
  <url><loc> http://a/1?x=1&amp;y=&#50;&#x33; </loc><lastmod>2026-01-01</lastmod>
    <image:image><image:loc>http://a/image</image:loc></image:image></url>
  <url><loc><![CDATA[http://a/2?x&y]]></loc></url>
  <url><loc/><loc></loc></url>
  <url><loc xml:lang="de">http://a/3</loc ></url>
</urlset>`
  assert.deepEqual(readSitemap(text), {
    kind: 'pages',
    urls: ['http://a/1?x=1&y=23', 'http://a/2?x&y', 'http://a/3'],
  })
  assert.deepEqual(readSitemap(index('http://a/s.xml')), { kind: 'sitemaps', urls: ['http://a/s.xml'] })
})

test('what is no sitemap is told, and a document type is not read', () => {
  const wrong: [string, RegExp][] = [
    ['', /no element/],
    ['<html><body>not found</body></html>', /begins with <html>/],
    ['<!DOCTYPE x [<!ENTITY a "b">]><urlset></urlset>', /document type/],
    ['<urlset><!ELEMENT loc></urlset>', /document type/],
    ['<urlset><url><loc>http://a/', /does not end/],
    ['<urlset><!-- ', /ends within <!--/],
    ['<urlset', /ends within an element/],
  ]
  for (const [text, problem] of wrong) {
    const read = readSitemap(text)
    assert.match(typeof read === 'string' ? read : 'it was read', problem, text)
  }
})

test('no text makes the reader throw, or go on for ever', () => {
  const piece = fc.constantFrom(
    '<urlset>',
    '<loc>',
    '</loc>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    '&#x;',
    '&#1114112;',
    'a',
    '<',
    '>',
    '/',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const read = readSitemap(`<urlset>${pieces.join('')}`)
      assert.ok(typeof read === 'string' || read.kind === 'pages')
    }),
    { numRuns: 500 },
  )
  const many = readSitemap(pages(...Array.from({ length: MOST_LOCATIONS + 5 }, () => 'http://a/')))
  assert.equal(typeof many === 'string' ? many : many.urls.length, MOST_LOCATIONS)
})

test('sitemaps lead to others, as deep as three and each once; what cannot be read is told and leaves the rest', async () => {
  const files: Record<string, string | Uint8Array> = {
    'http://a/0': index('http://a/1', 'http://a/0', 'http://a/gone', 'http://a/packed'),
    'http://a/1': index('http://a/2'),
    'http://a/2': index('http://a/3'),
    'http://a/3': pages('http://a/too-deep'),
    'http://a/packed': gzipSync(pages('http://a/x', 'http://a/y')),
  }
  const asked: string[] = []
  const { urls, problems } = await urlsOf(
    { urls: ['http://a/x'], sitemap: 'http://a/0', file: undefined },
    (url) => {
      asked.push(url)
      const found = files[url]
      return found === undefined
        ? Promise.reject(new Error('status 404'))
        : Promise.resolve(Buffer.from(found))
    },
  )
  assert.deepEqual(urls, ['http://a/x', 'http://a/y'])
  assert.deepEqual(asked, ['http://a/0', 'http://a/1', 'http://a/gone', 'http://a/packed', 'http://a/2'])
  assert.deepEqual(problems, [
    'sitemap http://a/gone: status 404',
    'sitemap http://a/0: indexes in indexes, deeper than 3',
  ])
  const bomb = gzipSync(Buffer.alloc(11 * 1024 * 1024))
  const bombed = await urlsOf({ urls: [], sitemap: 'http://a/0', file: undefined }, () =>
    Promise.resolve(bomb),
  )
  assert.equal(bombed.problems.length, 1)
})

test('lines of a file that are no URLs are told with their number, and the others are asked for', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-warm-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'urls')
  writeFileSync(file, '# pages\nhttp://a/x\n\n/y\nhttp://a/z\n')
  const { urls, problems } = await urlsOf({ urls: [], file, sitemap: undefined }, () =>
    Promise.reject(new Error()),
  )
  assert.deepEqual(urls, ['http://a/x', 'http://a/z'])
  assert.equal(problems.length, 1)
  assert.match(problems[0] ?? '', /urls:4: "\/y" is no URL to be asked for/)
})
