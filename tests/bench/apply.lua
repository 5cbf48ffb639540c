-- wrk: distinct applications, as citizens write them; counts what was accepted.
local thread_count = 0
local threads = {}

function setup(thread)
	thread:set("number", thread_count)
	thread_count = thread_count + 1
	table.insert(threads, thread)
end

function init(args)
	sent = 0
	accepted = 0
	refused = 0
	seed = args[1] or "0"
	head = { ["Content-Type"] = "application/json" }
end

function request()
	sent = sent + 1
	local body = string.format(
		'{"kind":"complaint","text":"Sokağımızda üç gündür çöp toplanmadı, konteyner taşıyor ve koku yaptı. '
			.. 'Lütfen ilgilenir misiniz, çocuklar bu yoldan okula gidiyor. %s-%d-%d",'
			.. '"subject":"Çöp toplanmıyor","location":{"lat":37.87%04d,"lon":32.53%04d,"address":"Işık Sokak %d",'
			.. '"neighbourhood":"Fetih"},"applicant":{"name":"Deneme Şahıs","phone":"0500 000 %02d %02d",'
			.. '"email":"kisi%d@example.org"}}',
		seed, number, sent, sent % 10000, sent % 9973, sent % 300, sent % 100, sent % 97, sent)
	return wrk.format("POST", "/api/v1/applications", head, body)
end

function response(status)
	if status == 201 then
		accepted = accepted + 1
	else
		refused = refused + 1
	end
end

function done(summary, latency)
	local total, bad = 0, 0
	for _, thread in ipairs(threads) do
		total = total + thread:get("accepted")
		bad = bad + thread:get("refused")
	end
	print(string.format("RESULT accepted=%d refused=%d seconds=%.3f p50_ms=%.3f p99_ms=%.3f", total, bad,
		summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
