// Node's fetch.
const url = process.env.MINUTED_URL;
const client = process.env.CLIENT;
const reader = { Authorization: `Bearer ${process.env.READ_TOKEN}` };

const pushed = await fetch(`${url}/events`, {
  method: 'POST',
  headers: { Authorization: `Bearer ${process.env.INGEST_TOKEN}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({ repoId: 'fleet', bucketId: client, host: 'node "1"', timestamp: 1706782500000,
    op: 'PUT', upl_bytes: 4096, dwl_bytes: 12, size_change: -7, latency_ms: 1.5, status: 200 }),
});
console.log('push', pushed.status, 'accepted', (await pushed.json()).accepted);

const asked = `${url}/stats/minute?` + new URLSearchParams({ repoId: 'fleet', bucketId: client,
  startDate: '2024-02-01', endDate: '2024-02-01' });
const { data } = await (await fetch(asked, { headers: reader })).json();
for (const row of data) {
  console.log('row', row.timestamp, row.repoId, row.bucketId, row.upl_bytes, row.dwl_bytes,
    row.size_change, row.latency_ms, row.host);
}

const refused = async (what, address, headers) => {
  const answer = await fetch(address, { headers });
  console.log(what, answer.status, (await answer.json()).error_code);
};
await refused('wrong token', asked, { Authorization: 'Bearer wrong' });
await refused('wrong date', `${url}/stats/minute?startDate=yesterday`, reader);
