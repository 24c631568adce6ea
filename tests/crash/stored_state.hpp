// What a store holds, read past the query, and how its parts must agree at every moment.
// One thread at a time.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace minuted::test {

// Adds a sentence for each tier (hour, day, total, and those of the repos) that is not exactly the
// sum of the minutes.
void check_tiers(const Store& store, std::vector<std::string>& violations);

// How many minutes of raw events are not folded, as the records of folds say.
std::size_t count_unfolded(const Store& store, std::vector<std::string>& violations);

// The keys of one family.
std::set<std::string> keys_of(const Store& store, Family family,
                              std::vector<std::string>& violations);

}  // namespace minuted::test
