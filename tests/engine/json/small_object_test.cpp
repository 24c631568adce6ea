// Bodies of nodes, heartbeats and repos: a field that is not one of theirs is refused by name, with the
// nearest that is, for a 200 that changes nothing hides a misspelled name.
#include "json/small_object.hpp"

#include <gtest/gtest.h>

#include <array>

#include "json/node_json.hpp"
#include "json/repo_json.hpp"

namespace minuted::json {
namespace {

// A body with what must be readable behind it.
class Body {
 public:
  explicit Body(std::string_view text) : bytes_(text), text_bytes_(text.size()) {
    bytes_.append(kBodyPadding, ' ');
  }
  std::string_view text() const { return std::string_view(bytes_).substr(0, text_bytes_); }

 private:
  std::string bytes_;
  std::size_t text_bytes_;
};

// "code: message", or "good".
template <class Decode>
std::string outcome(Decode decode, std::string_view text) {
  const Body body(text);
  const auto decoded = decode(body.text(), kDepthMax);
  const auto* error = std::get_if<BodyError>(&decoded);
  return error == nullptr ? "good" : std::string(error->code) + ": " + error->message;
}

TEST(SmallObjectTest, AnUnknownFieldIsRefusedWithTheNearestKnownOne) {
  EXPECT_EQ(outcome(decode_repo_facts, R"({"workspaces":"w"})"),
            R"(invalid_field: "workspaces" is not a field of this body; the nearest is workspace; )"
            R"(send {"workspace":…,"provider":…}, or either of them)");
  const auto nearest = [](auto decode, std::string_view text) {
    const std::string said = outcome(decode, text);
    const std::string before = "the nearest is ";
    const std::size_t at = said.find(before);
    if (at == said.npos) return said;
    return said.substr(at + before.size(), said.find(';', at) - at - before.size());
  };
  EXPECT_EQ(nearest(decode_repo_facts, R"({"workspace":"w","Provider":"p"})"), "provider");
  EXPECT_EQ(nearest(decode_repo_facts, R"({"work\u0073paces":1})"), "workspace");
  EXPECT_EQ(nearest(decode_repo_facts, R"({"workspaces":null})"), "workspace") << "null is no excuse";
  EXPECT_EQ(nearest(decode_repo_facts, R"({"":{"workspace":[]}})"), "provider");
  EXPECT_EQ(nearest(decode_node_facts, R"({"storage_type":"ssd"})"), "storageType");
  EXPECT_EQ(nearest(decode_node_facts, R"({"regions":[1,{"a":null}],"zone":1})"), "region");
  EXPECT_EQ(nearest(decode_heartbeat, R"({"latency":3})"), "latency_ms");
  EXPECT_EQ(nearest(decode_heartbeat, R"({"IP":"10.0.0.1"})"), "ip");
  EXPECT_EQ(nearest(decode_heartbeat, "{\"" + std::string(1'000'000, 'x') + "\":1}"), "latency_ms");
}

TEST(SmallObjectTest, KnownFieldsAndNoneAreGood) {
  EXPECT_EQ(outcome(decode_repo_facts, R"({"workspace":"w","provider":null})"), "good");
  EXPECT_EQ(outcome(decode_repo_facts, "{}"), "good");
  EXPECT_EQ(outcome(decode_heartbeat, ""), "good");
  EXPECT_EQ(outcome(decode_heartbeat, R"({"ip":"::1","status":"x","latency_ms":1})"), "good");
  EXPECT_EQ(outcome(decode_node_facts,
                    R"({"endpoint":"e","region":"r","storageType":"s","provider":"p","version":"v"})"),
            "good");
  EXPECT_EQ(outcome(decode_day, R"({"day":"2024-01-15","more":1})"), "good") << "not a PUT";
}

// What is not JSON is told first: a field may be what is left of a broken one.
TEST(SmallObjectTest, MalformedComesBeforeUnknown) {
  EXPECT_EQ(outcome(decode_repo_facts, R"({"workspaces":1,})").substr(0, 15), "malformed_json:");
}

TEST(SmallObjectTest, NearnessIsInChangesOfALetter) {
  constexpr std::array<std::string_view, 3> kNames{"alpha", "beta", "alphabet"};
  EXPECT_EQ(nearest_field("alpha", kNames), "alpha");
  EXPECT_EQ(nearest_field("ALPHABETS", kNames), "alphabet");
  EXPECT_EQ(nearest_field("bet", kNames), "beta");
  EXPECT_EQ(nearest_field("betta", kNames), "beta");
}

}  // namespace
}  // namespace minuted::json
