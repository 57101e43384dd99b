#!/usr/bin/env bash
# first_request.sh PICTURE [API]: log in as the demo account of `make run`, upload PICTURE, segment it, save the measurements.
set -euo pipefail

picture=$1
api=${2:-http://localhost:8000/spheroseg/api}
account=${ACCOUNT:-pentaprism-data/demo-account.json}

key() { python3 -c 'import json, sys; value = json.load(sys.stdin)
for name in sys.argv[1:]: value = value[int(name) if name.isdigit() else name]
print(value)' "$@"; }

token=$(curl -sf "$api/auth/login" -H 'Content-Type: application/json' -d "@$account" | key tokens accessToken)
auth="Authorization: Bearer $token"
project=$(curl -sf "$api/projects" -H "$auth" -H 'Content-Type: application/json' -d '{"title": "From the shell"}' | key id)
image=$(curl -sf "$api/projects/$project/images" -H "$auth" -F "images=@$picture" | key uploaded 0 id)
objects=$(curl -sf -X POST "$api/images/$image/segmentation?wait=30" -H "$auth" | key results cell_count)
curl -sf "$api/projects/$project/export?format=csv" -H "$auth" -o measurements.csv
echo "$objects objects; measurements.csv has a row for each"
