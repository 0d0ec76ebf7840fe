#!/usr/bin/env bash
# Installs what the tests need beside Go, if it is missing: PostgreSQL, Chromium, nginx, Caddy, identity
# providers in PHP, Python and Node, and a C compiler for the race detector.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
found_browser=
for browser in chromium chromium-browser google-chrome google-chrome-stable; do
	if command -v "$browser" >/dev/null; then found_browser=yes; fi
done
[ -n "$found_browser" ] || missing+=(chromium fonts-liberation)
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
# The documented proxies in front of an application (docs/forward-auth.md).
[ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || missing+=(nginx)
command -v caddy >/dev/null || missing+=(caddy)
# The identity providers that sign people in (interop).
[ -d /usr/share/simplesamlphp/www ] || missing+=(simplesamlphp)
command -v php >/dev/null && php -m | grep -qx dom && php -m | grep -qx mbstring || missing+=(php-cli php-xml php-mbstring)
/usr/bin/python3 -c 'import saml2' 2>/dev/null || missing+=(python3-pysaml2)
[ -x /usr/bin/xmlsec1 ] || missing+=(xmlsec1)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)

# samlify, by the lock file beside its package.json, once.
install_samlify() {
	local dir=interop/testdata/samlify
	[ -d "$dir/node_modules/samlify" ] || (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error)
}

if [ ${#missing[@]} -eq 0 ]; then
	install_samlify
	exit 0
fi

give_up() {
	echo "The tests need these Debian packages: ${missing[*]}. $1" >&2
	exit 1
}

command -v apt-get >/dev/null || give_up "This system has no apt-get: install them with its own package manager, then run make test again."
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
		give_up "Installing them needs root: run  sudo apt-get install ${missing[*]}  and then make test again."
	fi
	as_root=(sudo -n)
fi

echo "Installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
	"${as_root[@]}" apt-get update &&
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "${missing[@]}"
}
if ! install </dev/null >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	give_up "apt-get could not install them (its last lines are above)."
fi
install_samlify
