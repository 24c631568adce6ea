// Which columns rows are written with, in whatever form. A value.
#pragma once

#include "minuted/query.hpp"
#include "render/fields.hpp"

namespace minuted::render {

struct RowColumns {
  bool unit_id = false;  // the bucket is called `unitId`
  Grouping kept{true, true, true};  // the ids that rows have
  FieldSet fields{};                // beyond the standard ones
  bool quoted_bytes = false;        // in JSON: byte counts are strings of digits
};

}  // namespace minuted::render
