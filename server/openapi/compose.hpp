// The OpenAPI document, put together from the hand-written parts of this folder when the daemon is built;
// README.md says how they are written. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace minuted::openapi {

// The document of the parts in `folder`, as JSON without blanks, with `version` as info.version and the
// examples of `folder`/examples in the operations that gave them. Throws std::runtime_error, naming the
// file, for a part that cannot be read, and for one that names a part there is not.
std::string compose(const std::filesystem::path& folder, std::string_view version);

}  // namespace minuted::openapi
