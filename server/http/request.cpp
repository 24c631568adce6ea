#include "http/request.hpp"

#include <algorithm>
#include <boost/beast/http/fields.hpp>

namespace minuted::http {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kGet: return "GET";
    case Method::kHead: return "HEAD";
    case Method::kPost: return "POST";
    case Method::kPut: return "PUT";
    case Method::kDelete: return "DELETE";
    case Method::kOptions: return "OPTIONS";
    case Method::kOther: break;
  }
  return {};
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const auto at = fields_->find({name.data(), name.size()});
  if (at == fields_->end()) return std::nullopt;
  const auto value = at->value();
  return std::string_view(value.data(), value.size());
}

std::string Headers::joined(std::string_view name) const {
  std::string list;
  const auto [begin, end] = fields_->equal_range({name.data(), name.size()});
  for (auto at = begin; at != end; ++at) {
    const auto value = at->value();
    if (at != begin) list += ", ";
    list.append(value.data(), value.size());
  }
  return list;
}

bool Headers::all_equal(std::string_view name) const {
  const auto [begin, end] = fields_->equal_range({name.data(), name.size()});
  return std::all_of(begin, end, [first = begin](const auto& field) {
    return field.value() == first->value();
  });
}

std::size_t Headers::count(std::string_view name) const {
  return fields_->count({name.data(), name.size()});
}

}  // namespace minuted::http
