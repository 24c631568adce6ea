// A daemon with a token for everything, and what it says of itself: the document as it serves it. One
// thread at a time.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/daemon.hpp"
#include "support/http_client.hpp"
#include "support/temp_dir.hpp"

namespace minuted::test {

struct Operation {
  std::string method;  // in upper case
  std::string path;    // with its braces
  boost::json::object source;
  std::vector<boost::json::object> parameters;  // what the references stand for

  // The path with every brace filled: `{by}` as a breakdown there is, ids as `x`.
  std::string filled_path() const;
};

class DocumentedDaemon {
 public:
  DocumentedDaemon();

  const boost::json::object& document() const { return document_; }
  const std::vector<Operation>& operations() const { return operations_; }
  // What a reference of the document stands for; anything else stands for itself.
  boost::json::object resolved(const boost::json::value& value) const;

  // With the token; a body where the operation wants one. Fails the test for an answer that the operation
  // does not document.
  Answer ask(const Operation& operation, const std::string& query = {});
  // Fails the test if the operation does not document the answer's status, and an error's code with it.
  void expect_documented(const Operation& operation, const Answer& answer) const;
  HttpClient& client() { return client_; }
  std::uint16_t port() const { return daemon_.port(); }
  const std::string& token() const { return token_; }

 private:
  TempDir dir_;
  std::string token_;
  Daemon daemon_;
  HttpClient client_;
  boost::json::object document_;
  std::vector<Operation> operations_;
};

// `error_code` and `message` of an error answer; empty if it is none.
struct Refused {
  std::string code;
  std::string message;
};
Refused refused(const Answer& answer);

}  // namespace minuted::test
