-- otp_admit: decides sliding windows in their order, and counts in all of them only if none refuses.
-- Used for requests (address, device, phone and its cooldown) and for attempts (address, phone). More
-- rules are more windows. The clock is Redis' own: one truth for every process that asks.
--
-- KEYS  one sorted set per window: member the id of what was admitted, score its time in ms. They share
--       the hash tag {otp}, so that a cluster keeps them in one slot.
-- ARGV  1 id, 2 cooldown in ms (0: none), 3 number of the window whose newest entry it starts from,
--       then for each window: most entries, length in ms, least wait in s
-- Returns {0, 0} admitted; {n, s} refused by window n, room again in s seconds (rounded up, at least 1);
--         {#KEYS + 1, s} refused by the cooldown: as given after the first three in a row, then doubling,
--         never longer than the window.
-- Run twice it counts once: the second run is refused by what the first one counted, or adds nothing.
local id, cooldown, paused = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function up(ms)
    return math.max(1, math.ceil(ms / 1000))
end

local function text(ms)
    return string.format('%.0f', ms)
end

local function keep(i)
    local length = tonumber(ARGV[3 * i + 2])
    return i == paused and math.max(length, cooldown) or length
end

for i = 1, #KEYS do
    local most, length, least = tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2]), tonumber(ARGV[3 * i + 3])
    local held = redis.call('ZCARD', KEYS[i])
    if held >= most or (i == paused and held > 0) then
        redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', text(now - keep(i)))
        held = redis.call('ZCOUNT', KEYS[i], '(' .. text(now - length), '+inf')
    end
    if held >= most then
        local oldest = redis.call('ZRANGE', KEYS[i], -most, -most, 'WITHSCORES')
        return {i, math.max(up(tonumber(oldest[2]) + length - now), least)}
    end
    if i == paused and cooldown > 0 then
        local newest = redis.call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')
        if newest[2] then
            local row = redis.call('ZCARD', KEYS[i])
            local pause = math.min(cooldown * 2 ^ math.min(math.max(row - 3, 0), 20), keep(i))
            local left = tonumber(newest[2]) + pause - now
            if left > 0 then
                return {#KEYS + 1, up(left)}
            end
        end
    end
end

for i = 1, #KEYS do
    redis.call('ZADD', KEYS[i], text(now), id)
    redis.call('PEXPIRE', KEYS[i], text(keep(i)))
end
return {0, 0}
