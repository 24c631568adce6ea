// A start of the daemon as a test words it: flags, variables, a file; and what came of it. Also
// valid values for each row of the table, so that tests can go over all settings.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "settings/definitions.hpp"
#include "settings/given.hpp"
#include "settings/settings.hpp"
#include "support/random.hpp"
#include "support/temp_dir.hpp"

namespace minuted::settings::test {

using minuted::test::Random;
using minuted::test::TempDir;

using Texts = std::vector<std::string>;

struct Said {
  Texts flags;
  Texts variables;   // NAME=value
  std::string file;  // its text; empty: there is none

  // Adds the setting with these values to one of the three.
  void add(Layer layer, const Definition& definition, const Texts& values);
};

// Settings that were read; a failure of the test if they were refused. `config_file` is emptied
// when the file is Said's own.
Settings settings_of(const Said& said);

// What the program printed when it ended, FILE standing for the file's path; "read" if it did not.
struct Ended {
  int code = -1;
  std::string text = "read";
  friend bool operator==(const Ended&, const Ended&) = default;
};
void PrintTo(const Ended& ended, std::ostream* out);
Ended end_of(const Said& said);

// The lines of a refusal, or whatever else there was as one line.
Texts faults_of(const Said& said);

Texts warnings_of(const Said& said);

// The setting's values as text.
Texts value_of(const Settings& settings, const Definition& definition);

// Valid values as value_of() gives them back, at least two, among them the range's ends. Paths need
// not exist.
std::vector<Texts> samples_of(const Definition& definition);

Texts random_value(const Definition& definition, Random& random);

// Flags that keep what goes together together while `definition` takes any value.
Texts companions_of(const Definition& definition);

// The whole table but config, whose values must be files.
std::vector<const Definition*> all_but_config();

}  // namespace minuted::settings::test
