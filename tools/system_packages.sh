#!/usr/bin/env bash
# System packages that the tests use: Chromium for the page, a JDK and Maven for Neo4j.
# As root on Debian they are installed; elsewhere what is missing is named and its tests skip (or fail under CI=true).
set -euo pipefail

wanted=()
command -v chromium >/dev/null 2>&1 || wanted+=(chromium)
command -v java >/dev/null 2>&1 || wanted+=(openjdk-17-jre-headless)
command -v mvn >/dev/null 2>&1 || wanted+=(maven)
[ ${#wanted[@]} -gt 0 ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing ${wanted[*]} …"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
else
  echo "Missing for some tests: ${wanted[*]}" >&2
fi
