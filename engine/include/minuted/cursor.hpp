// Hands out the items of an answer, one after the other, from one consistent view: everything acknowledged
// before the cursor was made, folded or not, and nothing later. It holds a snapshot for at most
// Options::snapshot_ms_max. May move between threads, used by one at a time; must be gone before the engine is.
#pragma once

#include "minuted/result.hpp"

namespace minuted {

template <class Item>
class Cursor {
 public:
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  virtual ~Cursor() = default;

  // Works towards the next item, for some milliseconds at most: true when next() has only to hand it out, or
  // to say that there is none, false to be called again. Need not be called; who shares a thread with others
  // does so before each next(), which may be seconds away. A step like next(), with its errors.
  virtual Result<bool> prepare() { return true; }

  // Steps to the next item: true and `item` filled, whose views die at the next step, or false at the end.
  // After an error or the end there is nothing more. kExpired, kCorruption, kIoError, kQueryTooLarge,
  // kOverloaded.
  virtual Result<bool> next(Item& item) = 0;
};

}  // namespace minuted
