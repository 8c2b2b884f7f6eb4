#!/usr/bin/env bash
# The demo with its graph in a Neo4j server of its own, which is stopped at the end.
# usage: demo_on_neo4j.sh VENV/bin STATE [--no-serve]
set -euo pipefail
bin=$1
state=$2
shift 2
cd "$(dirname "$0")/.."
tools/system_packages.sh
home=.tools/neo4j-demo
echo "Starting Neo4j …"
url=$("$bin/python" -m tools.neo4j.server start --home "$home" | head -n 1)
trap '"$bin/python" -m tools.neo4j.server stop --home "$home"' EXIT
export GRAPHRING_STORE="$url" GRAPHRING_NEO4J_PASSWORD="${GRAPHRING_NEO4J_PASSWORD:-graphring-dev}"
echo "Neo4j at $url, user neo4j, password $GRAPHRING_NEO4J_PASSWORD"
"$bin/graphring" demo --state "$state" "$@"
