# Headers of libraries, precompiled once per kind of target instead of parsed in every source: two thirds
# of the time of a typical source is spent in them. Included when all targets are known. Every source still
# includes what it names: tests/includes_test.cpp looks, and the presets `dev` and `fuzz` build without them.
# With ccache: CCACHE_SLOPPINESS=pch_defines,time_macros.
option(MINUTED_PRECOMPILE "Precompile headers of the standard library, Boost and gtest" ON)
if(NOT MINUTED_PRECOMPILE)
  return()
endif()

set(precompiled_standard
  <algorithm> <array> <atomic> <bit> <cerrno> <charconv> <chrono> <cmath> <condition_variable> <cstddef>
  <cstdint> <cstdio> <cstdlib> <cstring> <deque> <filesystem> <fstream> <functional> <iterator> <limits>
  <map> <memory> <mutex> <numeric> <optional> <set> <span> <sstream> <string> <string_view> <thread>
  <tuple> <type_traits> <unordered_map> <unordered_set> <utility> <variant> <vector>)

# minuted_precompile(KIND LIBS library… HEADERS header…): an object that nobody links, and its headers.
function(minuted_precompile kind)
  cmake_parse_arguments(P "" "" "LIBS;HEADERS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/precompiled/${kind}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Empty: its precompiled header is what it is for.\n")
  add_library(minuted_precompiled_${kind} OBJECT EXCLUDE_FROM_ALL ${source})
  target_link_libraries(minuted_precompiled_${kind} PRIVATE minuted_flags ${P_LIBS})
  target_precompile_headers(minuted_precompiled_${kind} PRIVATE ${precompiled_standard} ${P_HEADERS})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(minuted_precompiled_${kind} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# Every target below the directory takes the headers of the libraries that it links.
function(minuted_use_precompiled directory)
  get_property(below DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
  foreach(subdirectory IN LISTS below)
    minuted_use_precompiled(${subdirectory})
  endforeach()
  get_property(targets DIRECTORY ${directory} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    # Libraries to be loaded are compiled as other code is not, with -fPIC, and are a file each.
    if(type MATCHES "INTERFACE_LIBRARY|UTILITY|SHARED|MODULE" OR target MATCHES "^minuted_precompiled_")
      continue()
    endif()
    minuted_linked(${target} linked)
    if(minuted_test_flags IN_LIST linked)
      set(kind tests)
    elseif(minuted_asio IN_LIST linked)
      set(kind asio)
    else()
      set(kind standard)
    endif()
    target_precompile_headers(${target} REUSE_FROM minuted_precompiled_${kind})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # For ccache. And of what comes from a precompiled header GCC 12 forgets that it is a system's:
      # the false warnings of its flow analysis about <string> are then no longer left out.
      target_compile_options(${target} PRIVATE -fpch-preprocess
        -Wno-array-bounds -Wno-free-nonheap-object -Wno-maybe-uninitialized -Wno-nonnull
        -Wno-stringop-overflow -Wno-stringop-overread)
    endif()
  endforeach()
endfunction()

minuted_precompile(standard)
if(MINUTED_SERVER)
  find_package(Boost 1.81 REQUIRED)
  minuted_precompile(asio LIBS minuted_asio HEADERS
    <boost/asio/awaitable.hpp> <boost/asio/basic_waitable_timer.hpp> <boost/asio/co_spawn.hpp>
    <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/post.hpp>
    <boost/asio/redirect_error.hpp> <boost/asio/use_awaitable.hpp> <boost/asio/write.hpp>
    <boost/beast/core/flat_buffer.hpp> <boost/beast/http/buffer_body.hpp> <boost/beast/http/fields.hpp>
    <boost/beast/http/message.hpp> <boost/beast/http/parser.hpp> <boost/beast/http/read.hpp>)
endif()
if(MINUTED_TESTS)
  find_package(GTest REQUIRED)
  minuted_precompile(tests LIBS GTest::gtest HEADERS <gtest/gtest.h>)
endif()
minuted_use_precompiled(${CMAKE_CURRENT_SOURCE_DIR})
