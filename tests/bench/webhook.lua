-- wrk: bodies that were signed before, each once: thread N reads FILE-N, whose lines are a signature, a space and a body.
local thread_count = 0
local threads = {}

function setup(thread)
	thread:set("number", thread_count)
	thread_count = thread_count + 1
	table.insert(threads, thread)
end

function init(args)
	accepted = 0
	refused = 0
	short = 0
	lines = assert(io.open(args[1] .. "-" .. number, "r"))
end

function request()
	local line = lines:read("*l")
	if not line then
		short = 1
		lines:seek("set")
		line = lines:read("*l")
	end
	return wrk.format("POST", "/webhooks/whatsapp",
		{ ["Content-Type"] = "application/json", ["X-Hub-Signature-256"] = line:sub(1, 71) }, line:sub(73))
end

function response(status)
	if status == 200 then
		accepted = accepted + 1
	else
		refused = refused + 1
	end
end

function done(summary, latency)
	local total, bad, ended = 0, 0, 0
	for _, thread in ipairs(threads) do
		total = total + thread:get("accepted")
		bad = bad + thread:get("refused")
		ended = ended + thread:get("short")
	end
	print(string.format("RESULT accepted=%d refused=%d short=%d seconds=%.3f p50_ms=%.3f p99_ms=%.3f", total, bad, ended,
		summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
