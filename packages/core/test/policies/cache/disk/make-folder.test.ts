import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeFolder } from '../../../../src/policies/cache/disk/make-folder.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'headgate-folders-'))
after(() => rmSync(FOLDER, { recursive: true }))

test('a folder is made with those above it, for this user alone, and left as it is where it is there', () => {
  const path = join(FOLDER, 'a', 'b', 'c')
  makeFolder(path)
  makeFolder(path)
  for (const each of [path, join(FOLDER, 'a')]) assert.equal(statSync(each).mode & 0o777, 0o700)
})

test('a file in the place of a folder, or above it, is an error', () => {
  const file = join(FOLDER, 'file')
  writeFileSync(file, '')
  assert.throws(() => makeFolder(file), { code: 'EEXIST' })
  assert.throws(() => makeFolder(join(file, 'below')), { code: 'EEXIST' })
})

test('where the system takes no folder and says ENOENT, that is an error, and no work without an end', () => {
  assert.throws(() => makeFolder('/proc/headgate/cache'), /ENOENT|ENOTDIR|EACCES|EPERM/)
})
