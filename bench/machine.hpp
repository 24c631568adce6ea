// What a benchmark's figures were measured on, in one line each: without it they mean nothing.
#pragma once

#include <string>

namespace minuted::bench {

// Processor, cores, memory, kernel, and the file system below `directory`; no line end at the end.
std::string describe_machine(const std::string& directory);

// Processor seconds that all programs together, and what runs beside this machine on its host, have
// taken since it began; in ticks of 10 ms.
double busy_seconds();

// Writes out what is to be written, and lets files leave memory. False if the system does not let
// us.
bool drop_page_cache();

}  // namespace minuted::bench
