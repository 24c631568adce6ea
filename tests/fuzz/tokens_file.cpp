// The tokens file: what is accepted is accepted again with one more token and with one revoked, and both
// edits change nothing else.
#include "auth/token_text.hpp"

#include <algorithm>
#include <string>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace minuted;
  using namespace minuted::auth;
  fuzz::Input input(data, size);
  const std::string_view text = input.rest();
  const auto document = read_token_text(text, "the-file");
  if (!document.ok()) {
    MINUTED_REQUIRE(document.error().message.find("the-file") != std::string::npos);
    return 0;
  }
  const std::vector<Token>& tokens = document->tokens;
  MINUTED_REQUIRE(tokens.size() == document->name_lines.size() && !find_clash(tokens));
  for (const Token& token : tokens) {
    MINUTED_REQUIRE(!check_token_name(token.name) && !token.scopes.empty());
    MINUTED_REQUIRE(std::is_sorted(token.repos.begin(), token.repos.end()));
  }

  Token added;
  added.name = "a-new-one";
  added.sha256 = digest_of(text);
  added.scopes = {Scope::kRead};
  added.created = Millis{1'700'000'000'000};
  std::vector<Token> expected = tokens;
  expected.push_back(added);
  if (tokens.size() < kTokensMax && !find_clash(expected)) {
    const auto more = read_token_text(with_token(text, *document, added), "the-file");
    MINUTED_REQUIRE(more.ok() && more->tokens == expected);
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(tokens.size(), 4); ++i) {
    if (tokens[i].revoked) continue;
    expected = tokens;
    expected[i].revoked = added.created;
    const auto fewer = read_token_text(with_revoked(text, *document, i, added.created), "the-file");
    MINUTED_REQUIRE(fewer.ok() && fewer->tokens == expected);
  }
  return 0;
}
