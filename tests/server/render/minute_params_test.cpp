// Promise: a filter means the same set however it is written, and whoever gets it wrong is told the
// parameter, the value and what would do.
#include "render/minute_params.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "support/random.hpp"

namespace minuted::render {
namespace {

using Ids = std::vector<std::string>;

constexpr Millis kNow{1'707'568'496'789};

// What a request asked for besides its dates.
struct Filters {
  Ids repos;
  Ids buckets;
  Ids hosts;
  bool unit_id = false;
  friend bool operator==(const Filters&, const Filters&) = default;
};

void PrintTo(const Filters& filters, std::ostream* out) {
  for (const Ids* list : {&filters.repos, &filters.buckets, &filters.hosts}) {
    *out << '[';
    for (const std::string& id : *list) *out << '<' << id << '>';
    *out << ']';
  }
  *out << (filters.unit_id ? " unitId" : " bucketId");
}

Filters filters_of(std::string_view query) {
  auto result = parse_minute_params(query, kNow, SecretKey{});
  if (const auto* error = std::get_if<ParameterError>(&result)) {
    ADD_FAILURE() << query << ": " << error->message;
    return {};
  }
  MinuteParams& params = std::get<MinuteParams>(result);
  return {params.spec.repos, params.spec.buckets, params.spec.hosts, params.columns.unit_id};
}

std::optional<Grouping> grouping_of(std::string_view query) {
  auto result = parse_minute_params(query, kNow, SecretKey{});
  if (const auto* error = std::get_if<ParameterError>(&result)) {
    ADD_FAILURE() << query << ": " << error->message;
    return std::nullopt;
  }
  return std::get<MinuteParams>(result).spec.grouping;
}

std::string refusal_of(std::string_view query) {
  auto result = parse_minute_params(query, kNow, SecretKey{});
  const auto* const error = std::get_if<ParameterError>(&result);
  if (error == nullptr) return "accepted";
  return std::string(error->code) + ": " + error->message;
}

TEST(MinuteParamsTest, NoFilterIsEverything) { EXPECT_EQ(filters_of(""), Filters{}); }

TEST(MinuteParamsTest, ListsAreSplitAtCommasAfterDecoding) {
  EXPECT_EQ(filters_of("repoId=a,b&bucketId=c%2Cd&hosts=e%2cf,g"),
            (Filters{{"a", "b"}, {"c", "d"}, {"e", "f", "g"}}));
}

TEST(MinuteParamsTest, RepeatedParametersAddUpToASet) {
  EXPECT_EQ(filters_of("repoId=c,a&hosts=x&repoId=b,a&hosts=x"),
            (Filters{{"a", "b", "c"}, {}, {"x"}}));
}

TEST(MinuteParamsTest, EmptyValuesAndElementsAreAbsent) {
  EXPECT_EQ(filters_of("repoId=&bucketId=,&hosts"), Filters{});
  EXPECT_EQ(filters_of("repoId=,a,,b,&repoId="), (Filters{{"a", "b"}, {}, {}}));
  EXPECT_EQ(filters_of("unitId="), Filters{});
}

TEST(MinuteParamsTest, IdsKeepTheirSpacesAndPluses) {
  EXPECT_EQ(filters_of("repoId=a+b,%20c&hosts=d%2B02:00"),
            (Filters{{" c", "a b"}, {}, {"d+02:00"}}));
  EXPECT_EQ(filters_of("hosts=node+02:00"), (Filters{{}, {}, {"node 02:00"}}));
}

TEST(MinuteParamsTest, NamesAreExact) {
  EXPECT_EQ(filters_of("repoid=a&RepoId=b&repoId[]=c&host=d&bucket=e"), Filters{});
}

TEST(MinuteParamsTest, UnknownParametersAreIgnoredHoweverBroken) {
  EXPECT_EQ(filters_of("x=%zz&y=%FF&%=1&%zz&_=1707568496789&repoId=a&strict=maybe"),
            (Filters{{"a"}, {}, {}}));
}

TEST(MinuteParamsTest, UnitIdIsBucketIdAndSaysSo) {
  EXPECT_EQ(filters_of("unitId=b,a"), (Filters{{}, {"a", "b"}, {}, true}));
  EXPECT_EQ(filters_of("unitId=b,a&bucketId=a&bucketId=b,b"), (Filters{{}, {"a", "b"}, {}, true}));
  EXPECT_EQ(filters_of("unitId=a&bucketId="), (Filters{{}, {"a"}, {}, true}));
  EXPECT_EQ(filters_of("unitId=&bucketId=a"), (Filters{{}, {"a"}, {}}));
}

TEST(MinuteParamsTest, UnitIdAgainstBucketIdIsRefused) {
  EXPECT_EQ(refusal_of("unitId=b&bucketId=c,a"),
            "invalid_parameter: unitId \"b\" and bucketId \"a,c\" differ; unitId is the older name "
            "of bucketId: give one of them, or the same ids in both");
  EXPECT_NE(refusal_of("unitId=a,b&bucketId=a"), "accepted");
  EXPECT_NE(refusal_of("unitId=a&bucketId=a,b"), "accepted");
}

TEST(MinuteParamsTest, AnIdThatCannotBeIsRefused) {
  const std::string form =
      "; give a comma-separated list of ids, each 1 to 255 bytes of UTF-8 without control "
      "characters";
  EXPECT_EQ(refusal_of("repoId=ok,a%0Ab"),
            "invalid_parameter: repoId \"a\\x0ab\" must not contain control characters" + form);
  EXPECT_EQ(refusal_of("hosts=%00"),
            "invalid_parameter: hosts \"\\x00\" must not contain control characters" + form);
  EXPECT_EQ(refusal_of("bucketId=" + std::string(256, 'x')),
            "invalid_parameter: bucketId \"" + std::string(40, 'x') +
                "…\" must be 1 to 255 bytes, not 256" + form);
  EXPECT_TRUE(refusal_of("unitId=%7F").starts_with("invalid_parameter: unitId "));
  EXPECT_EQ(refusal_of("bucketId=" + std::string(255, 'x')), "accepted");
  EXPECT_EQ(refusal_of("bucketId=" + std::string(255, 'x') + "," + std::string(255, 'y')),
            "accepted");
}

TEST(MinuteParamsTest, BadEncodingInAKnownParameterIsRefused) {
  EXPECT_EQ(refusal_of("repoId=a%zz"),
            "invalid_parameter: repoId \"a%zz\" is not percent-encoded: \"%zz\" is not % and two "
            "hexadecimal digits; a % itself is written %25");
  EXPECT_EQ(refusal_of("hosts=%FFa"),
            "invalid_parameter: hosts \"\\xffa\" is not valid UTF-8; percent-encode the bytes of "
            "its UTF-8 form");
  EXPECT_TRUE(refusal_of("startDate=%").starts_with("invalid_parameter: startDate \"%\" "));
}

TEST(MinuteParamsTest, GroupByNamesTheIdsThatRowsKeep) {
  EXPECT_EQ(grouping_of(""), std::nullopt);
  EXPECT_EQ(grouping_of("groupBy=repo"), (Grouping{true, false, false}));
  EXPECT_EQ(grouping_of("groupBy=host,bucket"), (Grouping{false, true, true}));
  EXPECT_EQ(grouping_of("groupBy=host%2Crepo"), (Grouping{true, false, true}));
  EXPECT_EQ(grouping_of("groupBy=bucket&groupBy=repo&groupBy="), (Grouping{true, true, false}));
  EXPECT_EQ(grouping_of("groupBy=,host,,host"), (Grouping{false, false, true}));
}

TEST(MinuteParamsTest, EmptyGroupByKeepsNoneAndAllThreeAreNoGrouping) {
  EXPECT_EQ(grouping_of("groupBy="), Grouping{});
  EXPECT_EQ(grouping_of("groupBy"), Grouping{});
  EXPECT_EQ(grouping_of("groupBy=,"), Grouping{});
  EXPECT_EQ(grouping_of("groupBy=host,bucket,repo"), std::nullopt);
}

TEST(MinuteParamsTest, GroupByAnythingElseIsRefused) {
  const auto message = [](const std::string& value) {
    return "invalid_parameter: groupBy \"" + value +
           "\" is nothing that rows can be grouped by; give a comma-separated list of repo, bucket "
           "and host, or an empty one for one row in all per timestamp";
  };
  EXPECT_EQ(refusal_of("groupBy=repo,day"), message("day"));
  EXPECT_EQ(refusal_of("groupBy=Repo"), message("Repo"));
  EXPECT_EQ(refusal_of("groupBy=repo,+bucket"), message(" bucket"));
  EXPECT_EQ(refusal_of("groupBy=" + std::string(41, 'x')), message(std::string(40, 'x') + "…"));
}

MinuteParams params_of(const std::string& query) {
  auto parsed = parse_minute_params(query, kNow, SecretKey{});
  if (const auto* error = std::get_if<ParameterError>(&parsed)) {
    ADD_FAILURE() << query << ": " << error->message;
    return {};
  }
  return std::move(std::get<MinuteParams>(parsed));
}

TEST(MinuteParamsTest, FieldsAddUpInWhateverOrder) {
  EXPECT_EQ(params_of("").columns.fields, FieldSet{});
  EXPECT_EQ(params_of("fields=").columns.fields, FieldSet{});
  EXPECT_EQ(params_of("fields=*").columns.fields, FieldSet::all());
  FieldSet two;
  two.add(*field_named("gets"));
  two.add(*field_named("latency_p99_ms"));
  for (const char* query : {"fields=gets,latency_p99_ms", "fields=latency_p99_ms,,gets,gets",
                            "fields=gets&fields=latency_p99_ms", "fields=gets%2Clatency_p99_ms"}) {
    EXPECT_EQ(params_of(query).columns.fields, two) << query;
  }
  EXPECT_EQ(params_of("fields=gets,*").columns.fields, FieldSet::all());
  EXPECT_EQ(params_of("fields=gets").spec.columns, Columns::kSums);
  EXPECT_EQ(params_of("fields=gets&groupBy=").spec.columns, Columns::kAll);
  EXPECT_EQ(params_of("fields=*").spec.columns, Columns::kSketch);
}

TEST(MinuteParamsTest, AnUnknownFieldIsRefusedWithThoseThereAre) {
  for (const char* name : {"Gets", "upl_bytes", "latency_p75_ms", "**"}) {
    EXPECT_EQ(refusal_of("fields=requests," + std::string(name)),
              "invalid_parameter: fields \"" + std::string(name) +
                  "\" is no column beyond the standard eight; give * or a comma-separated list of "
                  "requests, errors, client_errors, server_errors, gets, puts, deletes, heads, lists, "
                  "others, latency_sum_ms, latency_min_ms, latency_max_ms, latency_p50_ms, "
                  "latency_p90_ms, latency_p95_ms, latency_p99_ms");
  }
}

TEST(MinuteParamsTest, FormatAndIntegersAreOneOfTheirNames) {
  EXPECT_EQ(params_of("").format, std::nullopt);
  EXPECT_EQ(params_of("format=").format, std::nullopt);
  EXPECT_EQ(params_of("format=json").format, RowFormat::kJson);
  EXPECT_EQ(params_of("format=ndjson&format=ndjson").format, RowFormat::kNdjson);
  EXPECT_EQ(params_of("format=csv").format, RowFormat::kCsv);
  EXPECT_EQ(refusal_of("format=CSV"),
            "invalid_parameter: format \"CSV\" is none of json, ndjson and csv; give one of them");
  EXPECT_EQ(refusal_of("format=csv&format=json"),
            "invalid_parameter: format is given twice, as \"csv\" and \"json\"; give one value");
  EXPECT_FALSE(params_of("integers=").columns.quoted_bytes);
  EXPECT_FALSE(params_of("integers=number").columns.quoted_bytes);
  EXPECT_TRUE(params_of("integers=string").columns.quoted_bytes);
  EXPECT_EQ(refusal_of("integers=strings"),
            "invalid_parameter: integers \"strings\" is neither string nor number; give string for "
            "byte counts as strings of digits, or number for JSON integers");
}

TEST(MinuteParamsTest, PagesAreJsonAlone) {
  const auto refusal = [](const std::string& query, RowFormat format) {
    const auto fault = check_paging(params_of(query), format);
    return fault ? fault->message : "accepted";
  };
  for (const RowFormat format : {RowFormat::kCsv, RowFormat::kNdjson}) {
    EXPECT_EQ(refusal("", format), "accepted");
    EXPECT_EQ(refusal("limit=&cursor=", format), "accepted");
    EXPECT_EQ(refusal("limit=5", format),
              "limit 5 asks for a page, which is JSON, but the answer would be " +
                  std::string(to_string(format)) +
                  "; leave limit and cursor out for all rows, or give format=json");
  }
  EXPECT_EQ(refusal("limit=5", RowFormat::kJson), "accepted");
}

TEST(MinuteParamsTest, TheFirstFaultOfTheQueryIsTold) {
  EXPECT_TRUE(refusal_of("fields=a&startDate=x&unitId=a&bucketId=b").starts_with("invalid_parameter: fields"));
  EXPECT_TRUE(refusal_of("startDate=x&fields=a").starts_with("invalid_parameter: startDate"));
  EXPECT_TRUE(refusal_of("startDate=2024-02-02&endDate=2024-02-01&unitId=a&bucketId=b")
                  .starts_with("invalid_parameter: unitId"));
}

// Lists come back as the sets they are, whatever ids they hold.
TEST(MinuteParamsTest, RandomListsComeBackAsSets) {
  test::Random random;
  for (int round = 0; round < 1000; ++round) {
    Filters expected;
    std::string query;
    const auto add = [&](const char* name, Ids& list) {
      for (std::uint64_t n = random.below(4); n > 0; --n) {
        query += std::string(query.empty() ? "" : "&") + name + "=";
        for (std::uint64_t ids = random.below(4); ids > 0; --ids) {
          const std::string id = random.id();
          list.push_back(id);
          for (const unsigned char c : id) {
            constexpr char kHex[] = "0123456789ABCDEF";
            query += {'%', kHex[c >> 4], kHex[c & 15]};
          }
          query += random.chance(50) ? "," : "%2C";
        }
      }
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    };
    add("repoId", expected.repos);
    add(random.chance(50) ? "bucketId" : "unitId", expected.buckets);
    expected.unit_id = !expected.buckets.empty() && query.find("unitId") != query.npos;
    add("hosts", expected.hosts);
    ASSERT_EQ(filters_of(query), expected) << query;
  }
}

}  // namespace
}  // namespace minuted::render
