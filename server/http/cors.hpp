// Which pages of other sites may read answers, and what their browsers are told (the Fetch standard's
// CORS protocol). Tokens travel in a header that the page sets itself, never in cookies, so credentials
// are not allowed for. All lines are made once; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/response.hpp"

namespace minuted::http {

class Cors {
 public:
  // Origins as browsers send them, `https://grafana.example` or `http://localhost:8080`; `*` stands
  // for all. Empty: no page of another site.
  explicit Cors(const std::vector<std::string>& origins);

  // Whether answers to it may be read by its page; no origin is nobody's.
  bool allows(std::optional<std::string_view> origin) const;

  // What every answer says to a request from `origin`: header lines, each with its line break in front.
  // The view lives as long as this. An answer that would be another for another origin says so.
  std::string_view lines_for(std::optional<std::string_view> origin) const;

  // Adds to the answer to an OPTIONS what a browser wants to know before it sends the page's request:
  // `methods` of the path, request headers, and how long it may remember them.
  static void permit(std::string_view methods, Response& answer);

 private:
  struct Origin {
    std::string name;
    std::string lines;
  };
  const Origin* find(std::string_view origin) const;

  bool any_ = false;
  std::vector<Origin> origins_;  // by name
  std::string other_lines_;      // for everybody else
};

}  // namespace minuted::http
