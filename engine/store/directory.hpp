// The data directory itself: whose it is, of which format, and that only one process has it. Kept in
// a small text file `minuted.store`, which people can read and which the process locks.
// Used by Store::open; one object per opening, any thread.
#pragma once

#include <memory>
#include <string>

#include "minuted/result.hpp"

namespace minuted {

class DataDirectory {
 public:
  // Takes the directory, making it if allowed. kInvalidArgument if it is something else's or absent,
  // kLocked if another process has it, kUnsupportedFormat, kIoError.
  static Result<std::unique_ptr<DataDirectory>> take(const std::string& path,
                                                     bool create_if_missing);
  // Whether there is a store of this format in the directory, whoever has it open; changes nothing and
  // locks nothing. Errors as of take(), but for kLocked.
  static Result<void> look(const std::string& path);

  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  DataDirectory(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}
  std::string path_;
  int lock_fd_;
};

}  // namespace minuted
