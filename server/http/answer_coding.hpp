// Answers compressed on their way, as Accept-Encoding asks for. What a source makes is compressed piece by
// piece and flushed with each, so that a reader sees at once what is there; memory is that of one piece
// and of the compressor, about 0.3 MB (gzip) or 0.5 MB (zstd), until the answer ends. Levels are the
// quick ones: a worker's time is dearer than a byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "http/byte_budget.hpp"
#include "http/content_coding.hpp"
#include "http/response.hpp"

namespace minuted::http {

// What an Accept-Encoding field's list likes best (RFC 9110, section 12.5.3): of equal weights zstd, then
// gzip, then none. `*` stands for gzip and none, where those are not named. A member that cannot be
// read is passed over. nullopt if neither of the three is acceptable.
enum class Codings : std::uint8_t { kAll, kIdentityOnly };
std::optional<Coding> choose_coding(std::string_view accept_encoding, Codings of = Codings::kAll);

// As Content-Encoding has it; empty for none.
std::string_view to_string(Coding coding);

// The memory that a streamed answer takes until it ends: a piece, another before it is compressed, and the
// compressor.
std::size_t bytes_of_answer(Coding coding);

// `source`, which holds the share until it is gone.
std::unique_ptr<BodySource> holding(std::unique_ptr<BodySource> source, BudgetShare share);

// `source`, compressed. `coding` is not kIdentity.
std::unique_ptr<BodySource> compressed(std::unique_ptr<BodySource> source, Coding coding);

}  // namespace minuted::http
