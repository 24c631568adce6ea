#include "render/totals_json.hpp"

#include <algorithm>

#include "render/json_text.hpp"

namespace minuted::render {

std::string to_decimal(UInt128 value) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<unsigned>(value % 10));
    value /= 10;
  } while (value != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string to_decimal(Int128 value) {
  if (value >= 0) return to_decimal(static_cast<UInt128>(value));
  return "-" + to_decimal(~static_cast<UInt128>(value) + 1);
}

void append_totals(const Totals& totals, TotalsForm form, std::string& out) {
  out += form == TotalsForm::kRepo   ? R"({"repoId":)"
         : form == TotalsForm::kUnit ? R"({"unitId":)"
                                     : R"({"bucketId":)";
  append_json_string(totals.id, out);
  const auto field = [&](std::string_view name, const std::string& digits) {
    out.append(",\"").append(name).append("\":\"").append(digits) += '"';
  };
  if (form != TotalsForm::kRepo) field("totalCount", to_decimal(UInt128{totals.requests}));
  field("totalUploadBytes", to_decimal(totals.upl_bytes));
  field("totalDownloadBytes", to_decimal(totals.dwl_bytes));
  field("totalSizeChange", to_decimal(totals.size_change));
  out += '}';
}

}  // namespace minuted::render
