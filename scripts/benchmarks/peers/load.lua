-- wrk's half. FLEET has lines of a token and its instance's name; every request is another message, since an inbox would
-- rightly store an equal body once.
local number, message = 0, 0
local starts, ending = {}, nil

function init()
    local body = io.open(os.getenv("BODY")):read("*a")
    local before, after = body:match('^(.-"id":")%x+(".*)$')
    ending = after
    for line in io.lines(os.getenv("FLEET")) do
        local token, name = line:match("(%S+) (%S+)")
        local named = before:gsub('"instance":"[^"]*"', '"instance":"' .. name .. '"', 1)
        starts[#starts + 1] = string.format(
            "POST /webhooks/evolution/whatsapp/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" ..
            "Content-Length: %d\r\n\r\n%s", token, #named + 16 + #after, named)
    end
    math.randomseed(os.time())
    number = math.random(#starts)
    message = (os.time() % 1000000) * 10000000
end

function request()
    number = number % #starts + 1
    message = message + 1
    return starts[number] .. string.format("%016d", message) .. ending
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"microseconds":%d,"p50_ms":%.3f,"p99_ms":%.3f,"p999_ms":%.3f,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        latency:percentile(99.9) / 1000, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
