// Go's net/http. It asks for gzip by itself.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
)

type row struct {
	Timestamp  int64   `json:"timestamp"`
	RepoID     string  `json:"repoId"`
	BucketID   string  `json:"bucketId"`
	UplBytes   int64   `json:"upl_bytes"`
	DwlBytes   int64   `json:"dwl_bytes"`
	SizeChange int64   `json:"size_change"`
	LatencyMs  float64 `json:"latency_ms"`
	Host       string  `json:"host"`
}

type answer struct {
	Success   bool   `json:"success"`
	ErrorCode string `json:"error_code"`
	Accepted  int64  `json:"accepted"`
	Data      []row  `json:"data"`
}

func ask(method, path, token string, body []byte) (int, answer) {
	request, err := http.NewRequest(method, os.Getenv("MINUTED_URL")+path, bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	var got answer
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		log.Fatal(err)
	}
	return response.StatusCode, got
}

func main() {
	client := os.Getenv("CLIENT")
	event, err := json.Marshal(map[string]interface{}{
		"repoId": "fleet", "bucketId": client, "host": `node "1"`, "timestamp": 1706782500000,
		"op": "PUT", "upl_bytes": 4096, "dwl_bytes": 12, "size_change": -7, "latency_ms": 1.5, "status": 200})
	if err != nil {
		log.Fatal(err)
	}
	status, got := ask("POST", "/events", os.Getenv("INGEST_TOKEN"), event)
	fmt.Println("push", status, "accepted", got.Accepted)

	asked := "/stats/minute?repoId=fleet&bucketId=" + client + "&startDate=2024-02-01&endDate=2024-02-01"
	_, got = ask("GET", asked, os.Getenv("READ_TOKEN"), nil)
	for _, r := range got.Data {
		fmt.Println("row", r.Timestamp, r.RepoID, r.BucketID, r.UplBytes, r.DwlBytes, r.SizeChange, r.LatencyMs, r.Host)
	}
	status, got = ask("GET", asked, "wrong", nil)
	fmt.Println("wrong token", status, got.ErrorCode)
	status, got = ask("GET", "/stats/minute?startDate=yesterday", os.Getenv("READ_TOKEN"), nil)
	fmt.Println("wrong date", status, got.ErrorCode)
}
