// The engine's back door, for tests: an engine over a file system of the test's making, and the
// store below an engine. Not part of the face. Any thread.
#pragma once

#include <memory>

#include "minuted/engine.hpp"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace minuted {

class Store;

// Engine::open with every file but the directory's marker kept through `env`, which is borrowed and
// must outlive the engine; nullptr = the operating system's.
Result<std::unique_ptr<Engine>> open_engine_over(const Options& options, rocksdb::Env* env);

// The store that `engine`, which must be one of ours, keeps its data in; as long as the engine
// lives and no write fails, after which it is replaced.
Store& store_below(Engine& engine);
// The same, kept open for as long as it is held. Null while there is none.
std::shared_ptr<Store> held_store_below(Engine& engine);

}  // namespace minuted
