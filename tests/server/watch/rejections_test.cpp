#include "watch/rejections.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "log_reader.hpp"

namespace minuted::watch {
namespace {

const EventError kOld{3, "timestamp", "timestamp \"2001-01-01\" is too old"};

TEST(RejectionsTest, OneLineAMinuteByReasonAndToken) {
  test::LogReader reader;
  Rejections rejections;
  rejections.note("agents", "too_old", 2, kOld);
  rejections.note("agents", "too_old", 5, {0, "timestamp", "another"});
  rejections.note("agents", "missing", 1, {7, "host", "host is missing"});
  rejections.note("", "too_old", 1, kOld);
  rejections.write_due(reader.log(), 0);
  EXPECT_EQ(reader.lines(),
            "warn events rejected token=\"\" reason=too_old events=1 requests=1 index=3 "
            "field=timestamp error=\"timestamp \\\"2001-01-01\\\" is too old\"\n"
            "warn events rejected token=agents reason=missing events=1 requests=1 index=7 "
            "field=host error=\"host is missing\"\n"
            "warn events rejected token=agents reason=too_old events=7 requests=2 index=3 "
            "field=timestamp error=\"timestamp \\\"2001-01-01\\\" is too old\"\n");

  rejections.note("agents", "too_old", 1'000, {9, "timestamp", "later"});
  rejections.write_due(reader.log(), Rejections::kIntervalMs - 1);
  EXPECT_EQ(reader.lines(), "");
  rejections.write_due(reader.log(), Rejections::kIntervalMs);
  EXPECT_EQ(reader.lines(),
            "warn events rejected token=agents reason=too_old events=1000 requests=1 index=9 "
            "field=timestamp error=later\n");
}

TEST(RejectionsTest, AnExampleWithWordsWinsOverOneWithout) {
  test::LogReader reader;
  Rejections rejections;
  rejections.note("", "missing", 1, {21, "host", ""});
  rejections.note("", "missing", 1, {2, "host", "host is missing"});
  rejections.note("", "missing", 1, {3, "host", "not this one"});
  rejections.write_due(reader.log(), 0);
  EXPECT_EQ(reader.lines(),
            "warn events rejected token=\"\" reason=missing events=3 requests=3 index=2 field=host "
            "error=\"host is missing\"\n");
}

TEST(RejectionsTest, WhatIsHeldBackIsWrittenAtTheEnd) {
  test::LogReader reader;
  Rejections rejections;
  rejections.note("", "missing", 1, kOld);
  rejections.write_due(reader.log(), 0);
  (void)reader.lines();
  rejections.note("", "missing", 4, kOld);
  rejections.write_due(reader.log(), 1);
  EXPECT_EQ(reader.lines(), "");
  rejections.write_all(reader.log());
  EXPECT_NE(reader.lines().find(" events=4 "), std::string::npos);
  rejections.write_all(reader.log());
  EXPECT_EQ(reader.lines(), "");
}

TEST(RejectionsTest, TokensBeyondTheMostShareALine) {
  test::LogReader reader;
  Rejections rejections;
  for (std::size_t i = 0; i < 2 * Rejections::kPairsMax; ++i) {
    rejections.note("token" + std::to_string(i), "missing", 1, kOld);
  }
  rejections.write_due(reader.log(), 0);
  // The first in the order of names, and so not among those that the pipe does not take.
  EXPECT_TRUE(reader.lines().starts_with(
      "warn events rejected token=others reason=missing events=1024 requests=1024 index=3 "));
  // Quiet pairs are forgotten, and make room for others.
  rejections.write_due(reader.log(), Rejections::kIntervalMs);
  rejections.note("late", "missing", 1, kOld);
  rejections.write_due(reader.log(), Rejections::kIntervalMs);
  EXPECT_NE(reader.lines().find("token=late"), std::string::npos);
}

// Requests note from many threads while the lines are written: nothing is counted twice or lost.
TEST(RejectionsTest, NothingIsLostBetweenThreads) {
  test::LogReader reader;
  Rejections rejections;
  constexpr int kThreads = 4;
  constexpr int kNotes = 5'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kNotes; ++i) rejections.note("t", "missing", 1, kOld);
    });
  }
  std::string lines;
  for (int i = 0; i < 50; ++i) {
    rejections.write_due(reader.log(), i * Rejections::kIntervalMs);
    lines += reader.lines();
  }
  for (std::thread& thread : threads) thread.join();
  rejections.write_all(reader.log());
  lines += reader.lines();
  std::uint64_t events = 0;
  for (std::size_t at = 0; (at = lines.find(" events=", at)) != lines.npos; ++at) {
    events += std::stoull(lines.substr(at + 8));
  }
  EXPECT_EQ(events, std::uint64_t{kThreads} * kNotes);
}

}  // namespace
}  // namespace minuted::watch
