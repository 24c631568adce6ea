// A client for tests: says exactly what it is told to, byte by byte if need be, and reads answers with
// a real parser. Blocking, with a bound on every wait; loopback only. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace minuted::test {

struct Answer {
  unsigned status = 0;  // 0: the connection ended without one
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool whole = false;  // the body ended as the header announced

  std::string header(const std::string& lower_case_name) const {
    const auto at = headers.find(lower_case_name);
    return at == headers.end() ? std::string() : at->second;
  }
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

class HttpClient {
 public:
  // How long any one wait may take before the test fails.
  static constexpr int kPatienceMs = 30'000;

  // Connects to 127.0.0.1; throws if that fails.
  explicit HttpClient(std::uint16_t port);
  ~HttpClient();
  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&&) = delete;

  // A whole request and its answer. Reconnects first if the daemon closed the connection before, or
  // said so in its last answer.
  Answer request(std::string_view method, std::string_view target, std::string_view body = {},
                 const HeaderList& headers = {});
  Answer get(std::string_view target, const HeaderList& headers = {}) {
    return request("GET", target, {}, headers);
  }
  Answer post(std::string_view target, std::string_view body, const HeaderList& headers = {}) {
    return request("POST", target, body, headers);
  }
  // POST /events with a Content-Type.
  Answer push(std::string_view body, const HeaderList& headers = {});
  Answer push_ndjson(std::string_view body, const HeaderList& headers = {});

  // Bytes as they are. False once the daemon no longer takes them.
  bool send(std::string_view bytes);
  // The next answer. `to_head`: to a HEAD, and so without a body.
  Answer read_answer(bool to_head = false);
  // What comes until the end, or until `count` bytes are there.
  std::string read_bytes(std::size_t count = SIZE_MAX);
  // Whether there is anything to read now, the end of the connection included.
  bool readable();
  // Whether the daemon closes the connection within `patience_ms`, without saying anything more.
  bool closed(int patience_ms = kPatienceMs);
  void shutdown_send();
  // Makes the kernel's receive buffer small, so that a slow reader is felt soon.
  void shrink_receive_buffer(int bytes);

 private:
  void connect();
  bool receive(int patience_ms);

  std::uint16_t port_;
  int fd_ = -1;
  std::string received_;  // and not consumed
  bool ended_ = false;
  bool ending_ = false;   // the last answer said that none will follow
};

}  // namespace minuted::test
