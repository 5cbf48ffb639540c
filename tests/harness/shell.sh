# shell: what the shell tests of the operator's command share. To be sourced: needs $0 in tests/KIND, KOPRU_TEST_PG.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
kopru=${KOPRU_BUILD:-$top/build}/kopru
psql=$(ls -d /usr/lib/postgresql/*/bin/psql | sort -V | tail -n 1)
folder=$(mktemp -d /tmp/kopru-shell.XXXXXX)
count=0
bad=0
databases=()

sql() { "$psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "${2:-$KOPRU_DATABASE}" -c "$1"; }

finish() {
	for name in "${databases[@]}"; do
		sql "DROP DATABASE IF EXISTS \"$name\" WITH (FORCE)" "$KOPRU_TEST_PG"
	done
	rm -rf "$folder"
}
trap finish EXIT

database_new() {
	local name=kopru_shell_$$_${#databases[@]}
	databases+=("$name")
	sql "CREATE DATABASE \"$name\" TEMPLATE template0" "$KOPRU_TEST_PG"
	KOPRU_DATABASE=$(sed -E "s/dbname=[^ ]+/dbname=$name/" <<<"$KOPRU_TEST_PG")
	export KOPRU_DATABASE
}

# check NAME COMMAND...: a TAP line; what the command says when it fails.
check() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$folder/said" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' "$folder/said"
		bad=$((bad + 1))
	fi
}

# refused CODE TEXT COMMAND...: it ends with that code and says that text.
refused() {
	local code=$1 text=$2 got
	shift 2
	"$@" >"$folder/out" 2>&1
	got=$?
	cat "$folder/out"
	[ $got -eq "$code" ] && grep -qF -- "$text" "$folder/out"
}

says() {
	local text=$1
	shift
	"$@" >"$folder/out" 2>&1 || { cat "$folder/out"; return 1; }
	cat "$folder/out"
	grep -qF -- "$text" "$folder/out"
}

is() {
	local got
	got=$(sql "$2")
	echo "wanted $1, got $got"
	[ "$got" = "$1" ]
}

# json_of TEST COMMAND...: what it prints is JSON (d) for which that Python expression holds; its exit code does not count.
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); assert '"$1"', d'; }
json_of() {
	local test=$1
	shift
	"$@" >"$folder/json" 2>"$folder/err"
	cat "$folder/json" "$folder/err"
	json "$test" <"$folder/json"
}

# What every shell test ends with.
finish_tests() {
	echo "1..$count"
	exit $((bad > 0))
}
