import { RedisScript } from '../../redis-commands.ts'

/** So many purges are remembered: who has missed more of them cannot tell what they were for. */
const MOST_PURGES = 1024

/**
 * What is kept in Redis, each name behind the prefix of the cache:
 *
 * | name | |
 * | --- | --- |
 * | `meta` | hash: `seq` the number of the last purge, `bytes` in use, `n` the number of the entry that was stored last |
 * | `k:<key>` | hash: the id of the entry of each variant |
 * | `e:<id>` | hash, an entry: `h` head, `t` text of its key, `k` and `v` its place, `l` labels, `z` length, `n` number, `s` purges before it, `y` stale since, `c0` … content |
 * | `l:<label>` | sorted set: ids of the entries with that label, by the time at which they end |
 * | `all` | sorted set: ids of all entries, by when they were last asked for |
 * | `log` | stream of the last purges: the id of one is its number |
 * | `t:<purge>` | what a purge has taken out of a list, until it is gone |
 *
 * An entry is there only as long as `all` and the list of each of its labels have it. So a purge holds for everything as soon as
 * it has renamed one list, and where Redis itself has evicted a list, nothing is served that a purge would not find any more.
 *
 * With `allow-oom`, a script works where Redis is full: it takes away, or writes a few bytes at most.
 */
const SHARED = `
local meta = KEYS[1]
local P = string.sub(meta, 1, -5)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- All digits: Lua writes large numbers with an exponent.
local function digits(number) return string.format('%.0f', number) end

-- The number of the last purge. It begins with the time, so that whoever knows a number of before Redis has lost its data finds another.
local function moment()
  local seq = redis.call('HGET', meta, 'seq')
  if seq then return tonumber(seq) end
  redis.call('UNLINK', P .. 'all', P .. 'log', meta)
  seq = digits(time[1] * 1000000 + time[2])
  redis.call('HSET', meta, 'seq', seq)
  return tonumber(seq)
end

local function sizeOf(id) return tonumber(string.match(id, '%.(%d+)$')) or 0 end

local function figures() return redis.call('ZCARD', P .. 'all'), tonumber(redis.call('HGET', meta, 'bytes') or 0) end

-- Whether all lists have it: if so, when it was last asked for.
local function listed(id, labels)
  local used = redis.call('ZSCORE', P .. 'all', id)
  if not used then return false end
  for label in string.gmatch(labels, '%S+') do
    if not redis.call('ZSCORE', P .. 'l:' .. label, id) then return false end
  end
  return tonumber(used)
end

-- Takes an entry out of everything. Whether it was there, and whether the list of all had it.
local function forget(id)
  local had = redis.call('ZREM', P .. 'all', id) == 1
  if had then redis.call('HINCRBY', meta, 'bytes', -sizeOf(id)) end
  local entry = P .. 'e:' .. id
  local got = redis.call('HMGET', entry, 'l', 'k', 'v')
  if not got[1] then return false, had end
  for label in string.gmatch(got[1], '%S+') do redis.call('ZREM', P .. 'l:' .. label, id) end
  local place = P .. 'k:' .. got[2]
  if redis.call('HGET', place, got[3]) == id then redis.call('HDEL', place, got[3]) end
  redis.call('UNLINK', entry)
  return true, had
end

-- isBelow of selected.ts.
local function below(url, prefix)
  if string.sub(url, 1, #prefix) ~= prefix then return false end
  local after = string.sub(url, #prefix + 1, #prefix + 1)
  return string.sub(prefix, -1) == '/' or after == '' or after == '/' or after == '?'
end

-- Whether a purge since then was for it, or may have been.
local function concerned(since, seq, key, labels, url)
  if since == seq then return false end
  if since > seq or seq - since > ${MOST_PURGES} then return true end
  local purges = redis.call('XRANGE', P .. 'log', '(' .. digits(since) .. '-0', '+')
  if #purges ~= seq - since then return true end
  for _, purge in ipairs(purges) do
    local label, value = purge[2][2], purge[2][8]
    if label == 'all' or label == key or label == 'prefix' and below(url, value)
      or string.find(' ' .. labels .. ' ', ' ' .. label .. ' ', 1, true) then return true end
  end
  return false
end

local function prolong(name, ttl)
  if redis.call('PTTL', name) < ttl then redis.call('PEXPIRE', name, ttl) end
end

local function list(id, labels, ttl)
  for label in string.gmatch(labels, '%S+') do
    local name = P .. 'l:' .. label
    for _, old in ipairs(redis.call('ZRANGE', name, '-inf', now, 'BYSCORE', 'LIMIT', 0, 10)) do redis.call('ZREM', name, old) end
    redis.call('ZADD', name, now + ttl, id)
    prolong(name, ttl)
  end
end
`

const EVEN_IF_FULL = ' flags=allow-oom'

function script(text: string, flags = ''): RedisScript {
  return new RedisScript(`#!lua${flags}\n${SHARED}${text}`)
}

/** No arguments. @returns the number of the last purge, entries, bytes */
export const MOMENT: RedisScript = script(
  `
local seq = moment()
local entries, bytes = figures()
return { seq, entries, bytes }`,
  EVEN_IF_FULL,
)

/**
 * Key, its text, bytes of content that may come at once.
 * @returns the number of the last purge, entries, bytes, and each entry: id, variant, head, number, stale since, length, what is here
 * of its content
 */
export const FIND: RedisScript = script(
  `
local seq = moment()
local entries, bytes = figures()
local reply = { seq, entries, bytes }
local place = P .. 'k:' .. ARGV[1]
local room = tonumber(ARGV[3])
local ids = redis.call('HGETALL', place)
for at = 2, #ids, 2 do
  local id = ids[at]
  local entry = P .. 'e:' .. id
  local got = redis.call('HMGET', entry, 't', 'l', 'h', 'n', 'y', 'z')
  local used = got[1] == ARGV[2] and got[3] and got[4] and got[6] and listed(id, got[2] or '')
  if used then
    local content = ''
    local size = redis.call('HSTRLEN', entry, 'c0')
    if size <= room then
      content = redis.call('HGET', entry, 'c0') or ''
      room = room - size
    end
    reply[#reply + 1] = { id, ids[at - 1], got[3], got[4], got[5] or '', got[6], content }
    -- Once a minute is enough to tell what is in use.
    if now - used > 60000 then redis.call('ZADD', P .. 'all', 'XX', now, id) end
  else
    forget(id)
    redis.call('HDEL', place, ids[at - 1])
  end
end
return reply`,
  EVEN_IF_FULL,
)

/**
 * Since, key, variant, id, head, text of the key, labels, milliseconds to keep it, size, bytes that all may have, URL, length, begin
 * of its content.
 * @returns whether it was taken, the number of the last purge, entries, bytes, how many had to go for it
 */
export const COMMIT: RedisScript = script(`
local seq = moment()
local id, labels, ttl, size, most = ARGV[4], ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local entry, place = P .. 'e:' .. id, P .. 'k:' .. ARGV[2]
if concerned(tonumber(ARGV[1]), seq, ARGV[2], labels, ARGV[11]) then
  redis.call('UNLINK', entry)
  local entries, bytes = figures()
  return { 0, seq, entries, bytes, 0 }
end
local before = redis.call('HGET', place, ARGV[3])
if before then forget(before) end
if redis.call('EXISTS', P .. 'all') == 0 then redis.call('HDEL', meta, 'bytes') end
local bytes = redis.call('HINCRBY', meta, 'bytes', size)
local evicted = 0
while bytes > most do
  local oldest = redis.call('ZRANGE', P .. 'all', 0, 0)[1]
  if oldest then
    forget(oldest)
    evicted = evicted + 1
    bytes = tonumber(redis.call('HGET', meta, 'bytes'))
  else
    break
  end
end
redis.call('HSET', entry, 'h', ARGV[5], 't', ARGV[6], 'k', ARGV[2], 'v', ARGV[3], 'l', labels, 'z', ARGV[12],
  'n', redis.call('HINCRBY', meta, 'n', 1), 's', digits(seq), 'c0', ARGV[13])
redis.call('PEXPIRE', entry, ttl)
redis.call('HSET', place, ARGV[3], id)
prolong(place, ttl)
list(id, labels, ttl)
redis.call('ZADD', P .. 'all', now, id)
prolong(P .. 'all', ttl)
-- What has ended by itself is counted until somebody looks.
for _, old in ipairs(redis.call('ZRANGE', P .. 'all', 0, 3)) do
  if redis.call('EXISTS', P .. 'e:' .. old) == 0 then forget(old) end
end
local entries, used = figures()
return { 1, seq, entries, used, evicted }`)

/**
 * Since, key, variant, id, other variant, head, labels, milliseconds to keep it, URL.
 * @returns whether it was there, the number of the last purge, entries, bytes
 */
export const UPDATE: RedisScript = script(`
local seq = moment()
local id, labels, ttl = ARGV[4], ARGV[7], tonumber(ARGV[8])
local entry, place = P .. 'e:' .. id, P .. 'k:' .. ARGV[2]
local got = redis.call('HGET', entry, 'l')
local there = got and redis.call('HGET', place, ARGV[3]) == id and listed(id, got)
  and not concerned(tonumber(ARGV[1]), seq, ARGV[2], got .. ' ' .. labels, ARGV[9])
if there then
  for label in string.gmatch(got, '%S+') do redis.call('ZREM', P .. 'l:' .. label, id) end
  if ARGV[3] ~= ARGV[5] then
    local before = redis.call('HGET', place, ARGV[5])
    if before then forget(before) end
    redis.call('HDEL', place, ARGV[3])
  end
  redis.call('HSET', place, ARGV[5], id)
  redis.call('HSET', entry, 'h', ARGV[6], 'v', ARGV[5], 'l', labels, 'n', redis.call('HINCRBY', meta, 'n', 1), 's', digits(seq))
  redis.call('HDEL', entry, 'y')
  redis.call('PEXPIRE', entry, ttl)
  prolong(place, ttl)
  list(id, labels, ttl)
end
local entries, bytes = figures()
return { there and 1 or 0, seq, entries, bytes }`)

/** Key, variant, id. @returns whether it was there, the number of the last purge, entries, bytes */
export const REMOVE: RedisScript = script(
  `
local seq = moment()
local there = redis.call('HGET', P .. 'k:' .. ARGV[1], ARGV[2]) == ARGV[3] and forget(ARGV[3])
local entries, bytes = figures()
return { there and 1 or 0, seq, entries, bytes }`,
  EVEN_IF_FULL,
)

/**
 * How, by, value, label, when, who.
 * @returns the number of the purge, how many it has removed already, and what is left to do: nothing, `empty` a list, or `walk`
 * along one, whose name is the last
 */
export const PURGE: RedisScript = script(
  `
local how, by, value, label = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local seq = moment() + 1
redis.call('HSET', meta, 'seq', digits(seq))
redis.call('XADD', P .. 'log', 'MAXLEN', '=', ${MOST_PURGES}, digits(seq) .. '-0',
  'label', label, 'how', how, 'by', by, 'value', value, 'now', ARGV[5], 'from', ARGV[6])
if by == 'prefix' then return { seq, 0, 'walk', 'all' } end
if by == 'key' then
  local count = 0
  for _, id in ipairs(redis.call('HVALS', P .. 'k:' .. label)) do
    local entry = P .. 'e:' .. id
    if redis.call('EXISTS', entry) == 1 then
      count = count + 1
      if how == 'soft' then redis.call('HSETNX', entry, 'y', ARGV[5]) else forget(id) end
    end
  end
  return { seq, count, '', '' }
end
local name = by == 'all' and 'all' or 'l:' .. label
if redis.call('EXISTS', P .. name) == 0 then return { seq, 0, '', '' } end
if how == 'soft' then return { seq, 0, 'walk', name } end
local trash = 't:' .. digits(seq)
redis.call('RENAME', P .. name, P .. trash)
redis.call('PEXPIRE', P .. trash, 3600000)
if by == 'all' then redis.call('HDEL', meta, 'bytes') end
return { seq, 0, 'empty', trash }`,
  EVEN_IF_FULL,
)

/** Name of the list, by, how many at a time. @returns how many were removed, how many are left, entries, bytes */
export const EMPTY: RedisScript = script(
  `
local trash = P .. ARGV[1]
local count = 0
for _, id in ipairs(redis.call('ZRANGE', trash, 0, tonumber(ARGV[3]) - 1)) do
  local there, had = forget(id)
  if there and (had or ARGV[2] == 'all') then count = count + 1 end
  redis.call('ZREM', trash, id)
end
local entries, bytes = figures()
return { count, redis.call('ZCARD', trash), entries, bytes }`,
  EVEN_IF_FULL,
)

/**
 * Name of the list, cursor, how many at a time, how, the number of the purge, when, prefix or nothing.
 * @returns how many were meant, the next cursor, entries, bytes
 */
export const WALK: RedisScript = script(
  `
local found = redis.call('ZSCAN', P .. ARGV[1], ARGV[2], 'COUNT', ARGV[3])
local count = 0
for at = 1, #found[2], 2 do
  local id = found[2][at]
  local entry = P .. 'e:' .. id
  local got = redis.call('HMGET', entry, 's', 'h', 'l', 'q')
  -- What was stored after it is not meant. A walk may come by twice.
  local meant = got[1] and tonumber(got[1]) < tonumber(ARGV[5]) and got[4] ~= ARGV[5] and listed(id, got[3])
  if meant and ARGV[7] ~= '' then
    local _, _, url = string.find(got[2], '^[^\\n]*\\n[^\\n]*\\n([^\\n]*)')
    meant = url and below(url, ARGV[7])
  end
  if meant then
    count = count + 1
    if ARGV[4] == 'hard' then
      forget(id)
    else
      redis.call('HSETNX', entry, 'y', ARGV[6])
      redis.call('HSET', entry, 'q', ARGV[5])
    end
  end
end
local entries, bytes = figures()
return { count, found[1], entries, bytes }`,
  EVEN_IF_FULL,
)
