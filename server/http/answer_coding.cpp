#include "http/answer_coding.hpp"

#include <zlib.h>
#include <zstd.h>

#include <array>
#include <string>

#include "http/ascii.hpp"
#include "http/preference.hpp"

namespace minuted::http {
namespace {

constexpr int kLevel = 1;  // of both
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kGzipMemLevel = 8;
// Rows repeat within a few lines; larger windows cost memory for each answer under way.
constexpr int kZstdWindowLog = 16;

// What the compressors take, as their libraries tell: deflateInit2 allocates 268 KiB, and a zstd context of
// this level and window some 400 KiB.
constexpr std::size_t kGzipBytes = 288 << 10;
constexpr std::size_t kZstdBytes = 512 << 10;

Error no_memory() {
  return {ErrorCode::kOverloaded, "there is no memory to compress the answer; try again soon"};
}

class GzipSource final : public BodySource {
 public:
  explicit GzipSource(std::unique_ptr<BodySource> plain) : plain_(std::move(plain)) {}
  ~GzipSource() override { ::deflateEnd(&stream_); }

  Result<bool> fill(std::string& out) override {
    piece_.clear();
    piece_.reserve(kPieceRoomBytes);
    const auto more = plain_->fill(piece_);
    if (!more.ok() || (*more && piece_.empty())) return more;
    // Not before: its tables are for a worker to clear.
    if (stream_.state == nullptr &&
        ::deflateInit2(&stream_, kLevel, Z_DEFLATED, kGzipWindowBits, kGzipMemLevel,
                       Z_DEFAULT_STRATEGY) != Z_OK) {
      return no_memory();
    }
    stream_.next_in = reinterpret_cast<Bytef*>(piece_.data());
    stream_.avail_in = static_cast<uInt>(piece_.size());
    const int flush = *more ? Z_SYNC_FLUSH : Z_FINISH;
    do {
      const std::size_t before = out.size();
      out.resize(before + kRoomBytes);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = kRoomBytes;
      ::deflate(&stream_, flush);
      out.resize(out.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
    return more;
  }

 private:
  static constexpr uInt kRoomBytes = 16 << 10;

  const std::unique_ptr<BodySource> plain_;
  std::string piece_;
  z_stream stream_{};
};

class ZstdSource final : public BodySource {
 public:
  explicit ZstdSource(std::unique_ptr<BodySource> plain) : plain_(std::move(plain)) {}

  Result<bool> fill(std::string& out) override {
    piece_.clear();
    piece_.reserve(kPieceRoomBytes);
    const auto more = plain_->fill(piece_);
    if (!more.ok() || (*more && piece_.empty())) return more;
    if (!context_ && !begin()) return no_memory();
    ZSTD_inBuffer in{piece_.data(), piece_.size(), 0};
    std::size_t left = 0;
    do {
      const std::size_t before = out.size();
      out.resize(before + ::ZSTD_CStreamOutSize() / 8);
      ZSTD_outBuffer room{out.data() + before, out.size() - before, 0};
      left = ::ZSTD_compressStream2(context_.get(), &room, &in, *more ? ZSTD_e_flush : ZSTD_e_end);
      out.resize(before + room.pos);
      if (::ZSTD_isError(left)) return no_memory();  // nothing else can be wrong with it
    } while (left != 0);
    return more;
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ::ZSTD_freeCCtx(context); }
  };
  bool begin() {
    context_.reset(::ZSTD_createCCtx());
    if (!context_) return false;
    ::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
    ::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_windowLog, kZstdWindowLog);
    return true;
  }

  const std::unique_ptr<BodySource> plain_;
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  std::string piece_;
};

class HoldingSource final : public BodySource {
 public:
  HoldingSource(std::unique_ptr<BodySource> source, BudgetShare share)
      : share_(std::move(share)), source_(std::move(source)) {}
  Result<bool> fill(std::string& out) override { return source_->fill(out); }

 private:
  BudgetShare share_;
  const std::unique_ptr<BodySource> source_;
};

}  // namespace

std::optional<Coding> choose_coding(std::string_view accept_encoding, Codings of) {
  constexpr std::array kCodings{Coding::kZstd, Coding::kGzip, Coding::kIdentity};
  std::array<std::optional<std::uint32_t>, 3> named;
  std::optional<std::uint32_t> others;
  for (auto member = take_member(accept_encoding); member; member = take_member(accept_encoding)) {
    const std::string_view name = trim_blanks(member->substr(0, member->find(';')));
    std::optional<std::uint32_t> weight = 1000;
    if (name.data() + name.size() != member->data() + member->size()) {
      const std::string_view parameter = trim_blanks(member->substr(member->find(';') + 1));
      const bool is_weight = parameter.size() > 2 && to_lower(parameter[0]) == 'q' && parameter[1] == '=';
      weight = is_weight ? parse_weight(parameter.substr(2)) : std::nullopt;
    }
    if (!weight) continue;
    if (name == "*") others = weight;
    const auto coding = parse_coding(name);
    for (std::size_t i = 0; i < kCodings.size(); ++i) {
      if (coding == kCodings[i]) named[i] = weight;
    }
  }
  // Plain is what may be sent unasked. `*` is no sign that a client knows zstd.
  const std::array<std::uint32_t, 3> weights{named[0].value_or(0), named[1].value_or(others.value_or(0)),
                                             named[2].value_or(others.value_or(1))};
  std::optional<Coding> best;
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < kCodings.size(); ++i) {
    if (of == Codings::kIdentityOnly && kCodings[i] != Coding::kIdentity) continue;
    if (weights[i] <= most) continue;
    most = weights[i];
    best = kCodings[i];
  }
  return best;
}

std::string_view to_string(Coding coding) {
  switch (coding) {
    case Coding::kGzip: return "gzip";
    case Coding::kZstd: return "zstd";
    case Coding::kIdentity: break;
  }
  return {};
}

std::size_t bytes_of_answer(Coding coding) {
  switch (coding) {
    case Coding::kGzip: return 2 * kPieceRoomBytes + kGzipBytes;
    case Coding::kZstd: return 2 * kPieceRoomBytes + kZstdBytes;
    case Coding::kIdentity: break;
  }
  return kPieceRoomBytes;
}

std::unique_ptr<BodySource> holding(std::unique_ptr<BodySource> source, BudgetShare share) {
  return std::make_unique<HoldingSource>(std::move(source), std::move(share));
}

std::unique_ptr<BodySource> compressed(std::unique_ptr<BodySource> source, Coding coding) {
  if (coding == Coding::kGzip) return std::make_unique<GzipSource>(std::move(source));
  return std::make_unique<ZstdSource>(std::move(source));
}

}  // namespace minuted::http
