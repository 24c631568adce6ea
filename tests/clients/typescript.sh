# Asks the daemon every question of typescript/questions.txt, writes each answer down as a value of the
# type that it is documented to have, and lets the compiler judge: a field that is missing, too many or
# of another type is an error, and so is an answer without what its type is about.
push() {  # push TOKEN METHOD PATH BODY
  curl -sf -X "$2" -H "Authorization: Bearer $1" -H 'Content-Type: application/json' -d "$4" \
    "$MINUTED_URL$3"
}
now=$(date +%s)
events='['
for minute in 0 1 2; do
  events+='{"repoId":"fleet","bucketId":"daily","host":"node-1","op":"PUT","upl_bytes":4096,"latency_ms":1.5,"status":200,"timestamp":'$((now - minute * 60))'},'
done
events=${events%,}']'

cd typescript
{
  echo "import * as shapes from './shapes';"
  echo "export const receipt: shapes.Receipt = $(push "$INGEST_TOKEN" POST /events "$events");"
  number=0
  while read -r type token method path body; do
    case $type in '' | '#'*) continue ;; esac
    number=$((number + 1))
    body=${body//TODAY/$(date -u +%F)}
    [ -n "$body" ] || body='{}'
    token_name=${token^^}_TOKEN
    answer=$(curl -s -X "$method" -H "Authorization: Bearer ${!token_name}" \
      -H 'Content-Type: application/json' -d "$body" "$MINUTED_URL$path")
    # An empty list would fit any type.
    case $answer in
      *'"data":[]'* | *'"stats":[]'* | *'"nodeStats":[]'* | *'"entities":[]'* | '')
        echo "$method $path gave $answer" >&2
        exit 1
        ;;
    esac
    echo "// $method $path"
    echo "export const answer$number: shapes.$type = $answer;"
  done <questions.txt
} >"$WORK/answers.ts"
cp shapes.ts "$WORK/shapes.ts"
if ! tsc --strict --noEmit --target es2020 "$WORK/answers.ts"; then
  cat "$WORK/answers.ts"
  exit 1
fi

# The check itself must be able to fail.
sed 's/"accepted":\([0-9]*\)/"accepted":"\1"/' "$WORK/answers.ts" >"$WORK/wrong.ts"
if tsc --strict --noEmit --target es2020 "$WORK/wrong.ts" >/dev/null; then
  echo "the compiler takes a wrong answer, too"
  exit 1
fi
echo "typescript: $(grep -c '^export' "$WORK/answers.ts") answers fit their types"
