#!/bin/bash
# local: deploy/local starts, looks after and stops the whole system, and keeps its data. limit: 300 s
set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd -P)
scratch=$(mktemp -d /tmp/kopru-local.XXXXXX)
chmod 0755 "$scratch"
count=0 failed=0

check() { # NAME COMMAND...
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$scratch/out" 2>&1; then
		echo "ok $count - $name"
	else
		failed=$((failed + 1))
		echo "not ok $count - $name"
		tail -n 40 "$scratch/out" | sed 's/^/# /'
	fi
}

# Three ports beside each other that nobody has.
free_port() {
	local port
	for port in $(shuf -i 20000-30000 -n 100); do
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null &&
			! (exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null &&
			! (exec 3<>"/dev/tcp/127.0.0.1/$((port + 2))") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
}
port_a=$(free_port) port_b=$(free_port)
odd="$scratch/b's \$odd|&@RUN@ \"folder\"" # of the second copy

a() {
	KOPRU_VAR=$scratch/a KOPRU_PORT=$port_a "$top/deploy/local/kopru-local" "$@"
}
b() {
	KOPRU_VAR=$odd KOPRU_PORT=$port_b "$top/deploy/local/kopru-local" "$@"
}
clean() {
	a stop >/dev/null 2>&1
	b stop >/dev/null 2>&1
	[ ! -e "$scratch/closed/deploy" ] || closed stop >/dev/null 2>&1
	rm -rf "$scratch"
}
trap clean EXIT

fetch() { # PORT PATH [CURL'S OPTIONS]
	local port=$1 path=$2
	shift 2
	curl -sS -m 10 "http://127.0.0.1:$port$path" "$@"
}
code() { # PORT PATH WANTED [CURL'S OPTIONS]
	local port=$1 path=$2 wanted=$3 got
	shift 3
	got=$(fetch "$port" "$path" -o "$scratch/body" -w '%{http_code}' "$@")
	echo "$path: $got, wanted $wanted"
	[ "$got" = "$wanted" ]
}
apply() { # PORT
	fetch "$1" /api/v1/applications -H 'Content-Type: application/json' -d '{"kind":"request","text":"deneme"}' |
		tee -a "$scratch/out" | grep -q '"number":"HM-'
}
heads() { # STATE: how many applications there are
	. "$1/environment" && "${KOPRU_BUILD:-$top/build}/kopru" streams --json | tr -d ' \n' |
		grep -o '"stream":"intake","writer":"intake","head":"\?[0-9]*' | grep -o '[0-9]*$' | head -1
}
has() { # STATE COUNT
	local got
	got=$(heads "$1")
	echo "there are \"$got\", wanted $2"
	[ "$got" = "$2" ]
}
soon() { # COMMAND...: within 20 s
	local end=$((SECONDS + 20))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
none_left() { # STATE: no process works in it
	! ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -- " -> $1\(/\|$\)"
}
kill_one() { # STATE NAME
	kill -KILL "$(cat "$1/run/$2.pid")"
}
other_pid() { # STATE NAME OLD
	[ -s "$1/run/$2.pid" ] && [ "$(cat "$1/run/$2.pid")" != "$3" ]
}
comes_back() { # NAME
	local old
	old=$(cat "$scratch/a/run/$1.pid")
	kill_one "$scratch/a" "$1"
	soon other_pid "$scratch/a" "$1" "$old" && soon a status && soon apply "$port_a"
}

check "start" a start
check "status" a status
doctor() {
	(. "$1/environment" && "${KOPRU_BUILD:-$top/build}/kopru" doctor)
}
check "the doctor finds nothing wrong" doctor "$scratch/a"
check "an application is accepted" apply "$port_a"
check "the page in Turkish" code "$port_a" / 200
check "the page in English" code "$port_a" /en/ 200
check "the tracking page" code "$port_a" /takip 200
# A row that is refused is not repeated in a log, with all that a citizen wrote.
refused_row() {
	local log=$scratch/a/log/postgres.log database
	database=$(. "$scratch/a/environment" && echo "$KOPRU_DATABASE")
	psql -X -d "$database" -c "INSERT INTO intake.application (id, number, body_hash, kind, channel, received_at,
		legal_basis, due_on, body, anonymous, hide_identity, language, prefers) VALUES (gen_random_uuid(), 'x', '\\x00',
		1, 1, now(), 1, now(), 'Deneme Şahıs bunu yazdı', false, false, 'tr', 0)" && return 1
	soon grep -q application_body_hash_check "$log" && ! grep 'Deneme' "$log"
}
check "the database's log holds nothing of a row that it refuses" refused_row
for path in /healthz /metrics /nginx.conf.in; do
	check "$path is not served" code "$port_a" "$path" 404
done
check "nothing above the pages is served" code "$port_a" /../../README.md 400 --path-as-is
check "a link of a letter reaches the notifier" code "$port_a" /api/v1/addresses/confirm 404 -H 'Content-Type: application/json' \
	-d '{"number": "HM-2026-0000123-5", "token": "00000000000000000000000000000000"}'
check "opting out does, too" code "$port_a" /api/v1/addresses/opt-out 422 -H 'Content-Type: application/json' -d '{}'
# README's walk, word by word, in a folder that looks like a clone in which `make start` was called.
walk() {
	mkdir "$scratch/walk" && ln -s "$scratch/a" "$scratch/walk/var" && ln -s "${KOPRU_BUILD:-$top/build}" "$scratch/walk/build" &&
		awk '/^```walk$/ { on = 1; next } /^```$/ { on = 0 } on' "$top/README.md" >"$scratch/walk/walk.sh" || return 1
	(cd "$scratch/walk" && bash walk.sh >walk.log 2>&1)
}
said() { # PATTERN
	grep -q "$1" "$scratch/walk/walk.log" || { cat "$scratch/walk/walk.log"; return 1; }
}
check "README's walk" walk
check "the walk: the application has a number" said '"number":"HM-'
check "the walk: the department has its line" said '"type":"application.routed"'
check "the walk: the department's answer counts" said '"code":"ok"'
check "the walk: the citizen is asked whether the address is his" said 'onay='
check "the walk: the citizen has the answer" said 'Konteyner bugün boşaltıldı'
check "the walk: the mayor sees the count" said '"total"'
check "the walk: one sentence says why it went there" said '"reason":".*Temizlik İşleri Müdürlüğü birimine yönlendirildi'
check "the walk: nothing is wrong" said ' 0 wrong'
check "an unknown address of the API is a problem" bash -c "curl -sSi http://127.0.0.1:$port_a/api/v1/nothing |
	grep -qi '^content-type: application/problem+json'"
head -c 300000 /dev/zero >"$scratch/big"
check "a body that is too large" code "$port_a" /api/v1/applications 413 --data-binary "@$scratch/big"
check "pages carry a policy of their content" bash -c "curl -sSi http://127.0.0.1:$port_a/takip |
	grep -qi \"^content-security-policy: default-src 'none'\""
check "start again says that it runs" bash -c "KOPRU_VAR=$scratch/a KOPRU_PORT=$port_a \
	'$top/deploy/local/kopru-local' start | grep -q 'running already'"
check "a port that is taken is refused" bash -c "KOPRU_VAR=$scratch/c KOPRU_PORT=$port_a \
	'$top/deploy/local/kopru-local' start 2>&1 | grep -q 'is taken; set KOPRU_PORT'"

check "a second copy beside it" b start
check "the second copy is empty" soon has "$odd" 0
check "it serves its pages from a folder with an odd name" code "$port_b" /takip 200
check "the settings it tells the shell are right" bash -c '. "$1/environment" && test -r "$DEPARTMENT_SERVER_PUBLIC_FILE"' \
	bash "$odd"
check "it stops" b stop
check "the first one runs on" a status

for name in intake nginx postgres; do
	check "$name is started again when it is killed" comes_back "$name"
done

before=$(heads "$scratch/a")
check "stop" a stop
check "no process is left" soon none_left "$scratch/a"
check "stop again says that it does not run" bash -c "KOPRU_VAR=$scratch/a '$top/deploy/local/kopru-local' stop |
	grep -q 'not running'"
check "a second start" a start
check "keeps the data" has "$scratch/a" "$before"

kill -KILL "$(cat "$scratch/a/run/supervisor.pid")"
check "all end when the supervisor is killed" soon none_left "$scratch/a"
check "a start after that" a start
check "has the data too" has "$scratch/a" "$before"
check "stop after that" a stop

# As Ctrl-C does: SIGINT to the whole group of `run`.
interrupt() {
	local child code=0
	KOPRU_VAR=$scratch/a KOPRU_PORT=$port_a perl -e 'setpgrp; $SIG{INT} = "DEFAULT"; exec @ARGV' \
		"$top/deploy/local/kopru-local" run &
	child=$!
	soon test -e "$scratch/a/run/ready"
	sleep 0.3
	kill -INT -- "-$child"
	wait "$child" || code=$?
	echo "exit code $code"
	[ $code -eq 0 ]
}
check "run ends on Ctrl-C" interrupt
check "and leaves no process" soon none_left "$scratch/a"

# A clone that the user kopru cannot reach.
closed() {
	KOPRU_PORT=$port_b KOPRU_BUILD="" "$scratch/closed/deploy/local/kopru-local" "$@"
}
closed_starts() {
	closed start | tee -a "$scratch/out" | grep 'cannot reach'
}
if [ "$(id -u)" -eq 0 ]; then
	install -d -m 0700 "$scratch/closed" "$scratch/closed/build"
	(cd "$top" && cp -r --parents deploy/data deploy/local deploy/migrations deploy/nginx services/notifier/templates \
		services/web "$scratch/closed/")
	built="${KOPRU_BUILD:-$top/build}"
	cp "$built"/kopru "$built"/kopru-* "$built"/topics.model "$scratch/closed/build/"
	check "a closed clone starts, and says where it keeps its state" closed_starts
	check "its state is found at var" has "$scratch/closed/var" 0
	check "it accepts an application" apply "$port_b"
	check "its status" closed status
	place=$(readlink -f "$scratch/closed/var")
	check "it stops" closed stop
	case $place in
	/var/lib/kopru/*) rm -rf "$place" ;;
	esac
fi

echo "1..$count"
[ $failed -eq 0 ]
