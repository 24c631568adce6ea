# Ruby rest-client; a GET with a payload needs its execute().
require 'json'
require 'rest-client'

url = ENV.fetch('MINUTED_URL')
client = ENV.fetch('CLIENT')
reader = { Authorization: "Bearer #{ENV.fetch('READ_TOKEN')}" }

event = { repoId: 'fleet', bucketId: client, host: 'node "1"', timestamp: 1_706_782_500_000,
          op: 'PUT', upl_bytes: 4096, dwl_bytes: 12, size_change: -7, latency_ms: 1.5, status: 200 }
pushed = RestClient.post("#{url}/events", event.to_json,
                         content_type: :json,
                         Authorization: "Bearer #{ENV.fetch('INGEST_TOKEN')}")
puts "push #{pushed.code} accepted #{JSON.parse(pushed.body)['accepted']}"

asked = { repoId: 'fleet', bucketId: client, startDate: '2024-02-01', endDate: '2024-02-01' }
answer = RestClient::Request.execute(method: :get, url: "#{url}/stats/minute",
                                     payload: { ignored: true }.to_json,
                                     headers: reader.merge(params: asked))
JSON.parse(answer.body)['data'].each do |row|
  puts "row #{%w[timestamp repoId bucketId upl_bytes dwl_bytes size_change latency_ms host]
    .map { |name| row[name] }.join(' ')}"
end

def refused(what)
  yield
rescue RestClient::ExceptionWithResponse => e
  puts "#{what} #{e.http_code} #{JSON.parse(e.response.body)['error_code']}"
end
refused('wrong token') do
  RestClient.get("#{url}/stats/minute", Authorization: 'Bearer wrong', params: asked)
end
refused('wrong date') do
  RestClient.get("#{url}/stats/minute", reader.merge(params: { startDate: 'yesterday' }))
end
