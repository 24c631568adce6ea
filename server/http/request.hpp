// A request as handlers see it: no sockets, no parser. Built by the session from a parsed header, and
// completed by the body if the route takes one. Views live as long as the request is being answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/access.hpp"
#include "http/body_buffer.hpp"
#include "http/byte_budget.hpp"

namespace boost::beast::http {
template <class Allocator>
class basic_fields;
}

namespace minuted::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kOther };

// `GET`, … ; empty for kOther.
std::string_view to_string(Method method);

// The header fields. Trailers never get here: they come after everything that could heed them.
class Headers {
 public:
  using Fields = boost::beast::http::basic_fields<std::allocator<char>>;
  explicit Headers(const Fields& fields) : fields_(&fields) {}

  // The first field's value without surrounding blanks, or nullopt. Names are case-insensitive.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  // Whether all values are the same, byte by byte.
  bool all_equal(std::string_view name) const;
  // All values as one list, with commas between (RFC 9110, section 5.3); empty if there is none.
  std::string joined(std::string_view name) const;

 private:
  const Fields* fields_;
};

struct Request {
  Request(std::uint64_t id_given, std::string_view peer, Headers fields, ByteBudget& budget)
      : id(id_given), headers(fields), peer_address(peer), body_share(budget) {}

  std::uint64_t id;  // of this daemon's run
  Method method = Method::kOther;
  std::string_view path;
  std::string_view query;  // without the `?`, as sent
  Headers headers;
  std::string_view peer_address;
  // The `Host` asked for, or what an absolute target says in its place.
  std::optional<std::string_view> host;
  bool http_1_0 = false;
  auth::Caller caller = auth::Caller::anyone();  // on whose behalf it is answered
  BodyBuffer body;  // complete when the handler is called; empty where the route takes none
  BudgetShare body_share;

  // Frees the body once it has been decoded, for what comes next may take long. Its share of the budget
  // stays, for what was made of it.
  void free_body() { body.release(); }
  void release_body() {
    body.release();
    body_share.release();
  }
};

}  // namespace minuted::http
