// The process's MINUTED_* variables to given settings. Pure; any thread.
#pragma once

#include "settings/given.hpp"

namespace minuted::settings {

// An empty variable counts as unset. One that is no setting is a warning, not an error: it may be
// meant for another version; MINUTED_TEST_* belong to the tests and are passed over.
Source read_variables(const Environment& environment);

}  // namespace minuted::settings
