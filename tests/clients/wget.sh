# wget; it says what went wrong in its log, and keeps the body of an error when asked.
event='{"repoId":"fleet","bucketId":"'$CLIENT'","host":"node \"1\"","timestamp":1706782500000,"op":"PUT","upl_bytes":4096,"dwl_bytes":12,"size_change":-7,"latency_ms":1.5,"status":200}'
read_minutes="$MINUTED_URL/stats/minute?repoId=fleet&bucketId=$CLIENT&startDate=2024-02-01&endDate=2024-02-01"

get() {  # get TOKEN URL [OPTION…]: the answer goes to $WORK/answer, its status is printed
  local token=$1 url=$2
  shift 2
  wget -q --server-response --content-on-error --tries 1 -O "$WORK/answer" \
    --header "Authorization: Bearer $token" "$@" "$url" 2>"$WORK/headers" || true
  grep -oE 'HTTP/1.1 [0-9]+' "$WORK/headers" | tail -n 1 | cut -d' ' -f2
}

status=$(get "$INGEST_TOKEN" "$MINUTED_URL/events" --header 'Content-Type: application/json' --post-data "$event")
echo "push $status accepted $(grep -oE '"accepted":[0-9]+' "$WORK/answer" | cut -d: -f2)"

status=$(get "$READ_TOKEN" "$read_minutes")
[ "$status" = 200 ]
/usr/bin/python3 -c '
import json, sys
for row in json.load(open(sys.argv[1]))["data"]:
    print("row", row["timestamp"], row["repoId"], row["bucketId"], row["upl_bytes"], row["dwl_bytes"],
          row["size_change"], row["latency_ms"], row["host"])' "$WORK/answer"

error() {  # error WHAT TOKEN URL
  local status
  status=$(get "$2" "$3")
  echo "$1 $status $(grep -oE '"error_code":"[a-z_]+"' "$WORK/answer" | cut -d'"' -f4)"
}
error 'wrong token' wrong "$read_minutes"
error 'wrong date' "$READ_TOKEN" "$MINUTED_URL/stats/minute?startDate=yesterday"
