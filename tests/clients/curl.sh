# curl, as people type it.
event='{"repoId":"fleet","bucketId":"'$CLIENT'","host":"node \"1\"","timestamp":1706782500000,"op":"PUT","upl_bytes":4096,"dwl_bytes":12,"size_change":-7,"latency_ms":1.5,"status":200}'
read_minutes="$MINUTED_URL/stats/minute?repoId=fleet&bucketId=$CLIENT&startDate=2024-02-01&endDate=2024-02-01"

status=$(curl -s -o "$WORK/answer" -w '%{http_code}' -H "Authorization: Bearer $INGEST_TOKEN" \
  -H 'Content-Type: application/json' -d "$event" "$MINUTED_URL/events")
echo "push $status accepted $(grep -oE '"accepted":[0-9]+' "$WORK/answer" | cut -d: -f2)"

# A GET with a body, as -X GET -d makes it.
curl -sf -X GET -d '{"ignored":true}' -H "Authorization: Bearer $READ_TOKEN" "$read_minutes" |
  /usr/bin/python3 -c '
import json, sys
for row in json.load(sys.stdin)["data"]:
    print("row", row["timestamp"], row["repoId"], row["bucketId"], row["upl_bytes"], row["dwl_bytes"],
          row["size_change"], row["latency_ms"], row["host"])'

error() {  # error WHAT TOKEN URL
  local status
  status=$(curl -s -o "$WORK/answer" -w '%{http_code}' -H "Authorization: Bearer $2" "$3")
  echo "$1 $status $(grep -oE '"error_code":"[a-z_]+"' "$WORK/answer" | cut -d'"' -f4)"
}
error 'wrong token' wrong "$read_minutes"
error 'wrong date' "$READ_TOKEN" "$MINUTED_URL/stats/minute?startDate=yesterday"
