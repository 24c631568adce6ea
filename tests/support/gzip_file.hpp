// A gzip file's contents. Throws if it cannot be read to its end.
#pragma once

#include <zlib.h>

#include <stdexcept>
#include <string>

namespace minuted::test {

inline std::string read_gzip_file(const std::string& path) {
  gzFile file = ::gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path);
  std::string text;
  char piece[65536];
  int bytes = 0;
  while ((bytes = ::gzread(file, piece, sizeof piece)) > 0) {
    text.append(piece, static_cast<std::size_t>(bytes));
  }
  const int closed = ::gzclose(file);
  if (bytes < 0 || closed != Z_OK) throw std::runtime_error("cannot read all of " + path);
  return text;
}

}  // namespace minuted::test
