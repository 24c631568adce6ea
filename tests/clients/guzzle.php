<?php
// PHP Guzzle, with its json option on a GET too.
require 'GuzzleHttp/autoload.php';

$http = new GuzzleHttp\Client(['base_uri' => getenv('MINUTED_URL'), 'http_errors' => false]);
$client = getenv('CLIENT');
$reader = ['Authorization' => 'Bearer ' . getenv('READ_TOKEN')];

$pushed = $http->post('/events', [
    'headers' => ['Authorization' => 'Bearer ' . getenv('INGEST_TOKEN')],
    'json' => ['repoId' => 'fleet', 'bucketId' => $client, 'host' => 'node "1"',
               'timestamp' => 1706782500000, 'op' => 'PUT', 'upl_bytes' => 4096, 'dwl_bytes' => 12,
               'size_change' => -7, 'latency_ms' => 1.5, 'status' => 200],
]);
echo 'push ', $pushed->getStatusCode(), ' accepted ',
    json_decode($pushed->getBody(), true)['accepted'], "\n";

$asked = ['repoId' => 'fleet', 'bucketId' => $client, 'startDate' => '2024-02-01',
          'endDate' => '2024-02-01'];
$answer = $http->get('/stats/minute', ['headers' => $reader, 'query' => $asked,
                                       'json' => ['ignored' => true]]);
foreach (json_decode($answer->getBody(), true)['data'] as $row) {
    echo 'row ', implode(' ', array_map(fn ($name) => $row[$name],
        ['timestamp', 'repoId', 'bucketId', 'upl_bytes', 'dwl_bytes', 'size_change', 'latency_ms',
         'host'])), "\n";
}

$refused = $http->get('/stats/minute', ['headers' => ['Authorization' => 'Bearer wrong'],
                                        'query' => $asked]);
echo 'wrong token ', $refused->getStatusCode(), ' ',
    json_decode($refused->getBody(), true)['error_code'], "\n";
$refused = $http->get('/stats/minute', ['headers' => $reader,
                                        'query' => ['startDate' => 'yesterday']]);
echo 'wrong date ', $refused->getStatusCode(), ' ',
    json_decode($refused->getBody(), true)['error_code'], "\n";
