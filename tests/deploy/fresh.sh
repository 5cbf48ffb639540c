#!/bin/bash
# fresh: both commands of README.md, and its walk word by word, in a new Debian made by debootstrap (as root).
# run: by hand (`make fresh`; it takes some ten minutes)
#   SUITE (bookworm) which Debian; QUICK=1 leaves `make test` out. What was downloaded is kept in build/fresh/.
set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd -P)
suite=${SUITE:-bookworm}
cache=$top/build/fresh/$suite
port=${KOPRU_PORT:-18080}
count=0 failed=0
root=""

ok() {
	count=$((count + 1))
	echo "ok $count - $1"
}
not_ok() {
	count=$((count + 1)) failed=$((failed + 1))
	echo "not ok $count - $1"
	[ -z "${2:-}" ] || tail -n 60 "$2" | sed 's/^/# /'
}
# check NAME COMMAND...
check() {
	local name=$1
	shift
	if "$@" >"$root.log" 2>&1; then ok "$name"; else not_ok "$name" "$root.log"; fi
}
end() {
	echo "1..$count"
	[ $failed -eq 0 ] || exit 1
	exit 0
}
bail() {
	not_ok "$1"
	end
}

[ "$(id -u)" -eq 0 ] || bail "this needs root"
if [ -z "${FRESH_INSIDE:-}" ]; then
	command -v debootstrap >/dev/null || apt-get install -y -q debootstrap >/dev/null || bail "debootstrap is missing"
	# Mounts and processes of our own, so that all of it goes when we do.
	FRESH_INSIDE=1 exec unshare --mount --pid --fork --kill-child -- "$0" "$@"
fi

# The mirror that this machine uses itself.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | awk '
	/^URIs:/ { uri = $2 }
	/^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { uri = $i; break } }
	(/^URIs:/ || /^deb /) && uri ~ /debian\/?$/ { print uri; exit }')
[ -n "$mirror" ] || bail "no Debian mirror in /etc/apt"

root=$(mktemp -d /var/tmp/kopru-fresh.XXXXXX)
remove() {
	cd /
	umount -R -l "$root/proc" "$root/dev" "$root/var/cache/apt/archives" 2>/dev/null
	rm -rf --one-file-system "$root" "$root.log" "$root.walk"
}
trap remove EXIT
trap 'exit 1' INT TERM

mkdir -p "$cache/archives"
if [ ! -e "$cache/base.tar" ]; then
	debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$cache/debootstrap.log" 2>&1 ||
		bail "debootstrap: $(tail -1 "$cache/debootstrap.log")"
	rm -f "$root"/var/cache/apt/archives/*.deb
	tar -C "$root" --one-file-system -cf "$cache/base.tar.new" . && mv "$cache/base.tar.new" "$cache/base.tar"
else
	tar -C "$root" -xf "$cache/base.tar" || bail "cannot unpack $cache/base.tar"
fi

chmod 0755 "$root"

# Debian's security updates too, where this machine has them; nothing of other vendors.
printf 'deb %s %s main\n' "$mirror" "$suite" >"$root/etc/apt/sources.list"
security=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -o 'https\?://[^ ]*debian-security/\?' |
	grep -v snapshot | head -1)
[ -z "$security" ] || printf 'deb %s %s-security main\n' "$security" "$suite" >>"$root/etc/apt/sources.list"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
mount --bind "$cache/archives" "$root/var/cache/apt/archives"
rm -f "$root/etc/apt/apt.conf.d/docker-clean"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev"

# Root's home is closed to others, so that the user kopru cannot reach the clone: the harder place.
chmod 0700 "$root/root"
install -d "$root/root/kopru"
(cd "$top" && if [ -e .git ]; then git ls-files -z -co --exclude-standard; else find . -path ./build -prune -o -path ./var \
	-prune -o -type f -print0; fi | tar -cf - --null --ignore-failed-read -T - 2>/dev/null) | tar -C "$root/root/kopru" -xf -

inside() {
	chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		KOPRU_PORT="$port" KEEP="$root" bash -c "cd /root/kopru && $1"
}
listens() {
	awk -v port="$(printf ':%04X$' "$1")" '$4 == "0A" && $2 ~ port { found = 1 } END { exit !found }' \
		/proc/net/tcp /proc/net/tcp6
}
had_80=$(listens 80 && echo yes || true) had_5432=$(listens 5432 && echo yes || true)

check "apt-get install -y make" inside "apt-get update && apt-get install -y make"
check "make start" inside "make start"
[ -n "$had_80" ] || check "nothing listens on port 80" inside "! $(declare -f listens); ! listens 80"
[ -n "$had_5432" ] || check "nothing listens on port 5432" inside "$(declare -f listens); ! listens 5432"
check "make start again says that it runs" inside "make start | grep -q 'running already'"
check "make status" inside "make status"

# README's walk: every block marked "walk", one shell, word by word.
awk '/^```walk$/ { on = 1; next } /^```$/ { on = 0 } on' "$top/README.md" >"$root/walk.sh"
inside "bash /walk.sh" >"$root.walk" 2>&1
# said NAME PATTERN: the walk printed it.
said() {
	if grep -q "$2" "$root.walk"; then ok "the walk: $1"; else not_ok "the walk: $1"; fi
}
said "the application has a number" '"number": *"HM-'
said "the department has its line" '"stream":"department/TEM"'
said "the department's answer counts" '"code":"ok"'
said "the citizen has a letter" '^Başvuru no: HM-'
said "the citizen has the answer" 'Konteyner bugün boşaltıldı'
said "the mayor sees the count" '"total":1\b'
said "one sentence says why it went there" '"reason":".*Temizlik İşleri Müdürlüğü birimine yönlendirildi'
said "the streams are shown" '^department/TEM'
[ $failed -eq 0 ] || sed 's/^/# /' "$root.walk"

check "make stop" inside "make stop"
check "no process is left" bash -c "! ls -l /proc/[0-9]*/root 2>/dev/null | grep -q '$root'"
check "a second start keeps the data" inside "make start && . var/environment && build/kopru streams"
check "make stop again" inside "make stop"
if [ -z "${QUICK:-}" ]; then
	if inside "make test" >"$cache/test.log" 2>&1; then
		ok "make test: $(tail -1 "$cache/test.log")"
	else
		not_ok "make test" "$cache/test.log"
	fi
fi
end
