"""Python requests; its get() takes json= as post() does, and then sends a body."""
import os

import requests

url = os.environ["MINUTED_URL"]
client = os.environ["CLIENT"]
reader = {"Authorization": "Bearer " + os.environ["READ_TOKEN"]}

pushed = requests.post(
    url + "/events",
    json={"repoId": "fleet", "bucketId": client, "host": 'node "1"', "timestamp": 1706782500000,
          "op": "PUT", "upl_bytes": 4096, "dwl_bytes": 12, "size_change": -7, "latency_ms": 1.5,
          "status": 200},
    headers={"Authorization": "Bearer " + os.environ["INGEST_TOKEN"]}, timeout=30)
print("push", pushed.status_code, "accepted", pushed.json()["accepted"])

asked = {"repoId": "fleet", "bucketId": client, "startDate": "2024-02-01", "endDate": "2024-02-01"}
answer = requests.get(url + "/stats/minute", params=asked, json={"ignored": True}, headers=reader,
                      timeout=30)
answer.raise_for_status()
for row in answer.json()["data"]:
    print("row", row["timestamp"], row["repoId"], row["bucketId"], row["upl_bytes"],
          row["dwl_bytes"], row["size_change"], row["latency_ms"], row["host"])

refused = requests.get(url + "/stats/minute", params=asked, timeout=30,
                       headers={"Authorization": "Bearer wrong"})
print("wrong token", refused.status_code, refused.json()["error_code"])
refused = requests.get(url + "/stats/minute", params={"startDate": "yesterday"}, headers=reader,
                       timeout=30)
print("wrong date", refused.status_code, refused.json()["error_code"])
