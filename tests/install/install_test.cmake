# Installs below the directory `work`, then builds and runs the example of engine/README.md there, with the
# CMakeLists.txt that stands beside it, and starts the installed daemon.
cmake_minimum_required(VERSION 3.25)

# run(COMMAND …): fails the test with the command's output unless it exits with 0; OUTPUT has it.
macro(run)
  execute_process(${ARGN}
    RESULT_VARIABLE result OUTPUT_VARIABLE OUTPUT ERROR_VARIABLE errors TIMEOUT 100)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nended with ${result}:\n${OUTPUT}${errors}")
  endif()
endmacro()

macro(expect_equal what actual expected)
  if(NOT "${actual}" STREQUAL "${expected}")
    message(FATAL_ERROR "${what}\n  is  \"${actual}\"\n  not \"${expected}\"")
  endif()
endmacro()

set(prefix ${work}/prefix)

foreach(component IN LISTS COMPONENTS)
  run(COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix} --component ${component})
endforeach()

# The public headers, and no others.
file(GLOB public RELATIVE ${SOURCE_DIR}/engine/include ${SOURCE_DIR}/engine/include/minuted/*.hpp)
file(GLOB_RECURSE installed RELATIVE ${prefix}/include ${prefix}/include/*)
expect_equal("the list of installed headers" "${installed}" "${public}")

# Nothing that is installed points into the tree that it was built from.
file(GLOB_RECURSE package ${prefix}/*/cmake/minuted/*.cmake)
list(LENGTH package files)
if(files LESS 3)
  message(FATAL_ERROR "the package is not whole: ${package}")
endif()
foreach(file IN LISTS package)
  file(READ ${file} text)
  foreach(tree ${SOURCE_DIR} ${BUILD_DIR})
    string(FIND "${text}" "${tree}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${file} names ${tree}")
    endif()
  endforeach()
endforeach()

file(READ ${SOURCE_DIR}/engine/README.md readme)
string(REGEX REPLACE ".*\n```cpp\n(.*)\n```\n.*" "\\1" code "${readme}")
string(REGEX MATCH "\n```cmake\n([^`]*)\n```\n" found "${readme}")
set(project "${CMAKE_MATCH_1}")
if(NOT project MATCHES "find_package\\(minuted REQUIRED\\)")
  message(FATAL_ERROR "engine/README.md shows no CMakeLists.txt with find_package(minuted)")
endif()
file(CONFIGURE OUTPUT ${work}/example/example.cpp CONTENT "@code@\n" @ONLY)
file(CONFIGURE OUTPUT ${work}/example/CMakeLists.txt CONTENT "@project@\n" @ONLY)
run(COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${work}/example -B ${work}/build
  -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_PREFIX_PATH=${prefix})
run(COMMAND ${CMAKE_COMMAND} --build ${work}/build)
run(COMMAND ${work}/build/example ${work}/store)
expect_equal("the example's output" "${OUTPUT}"
  "backups daily node-1 2023-11-14T22:13:00.000Z 1 request, 4096 bytes up\n")

# The other way, as far as it takes seconds.
string(REPLACE "find_package(minuted REQUIRED)" "add_subdirectory(${SOURCE_DIR} minuted)" project
  "${project}")
file(CONFIGURE OUTPUT ${work}/example/CMakeLists.txt CONTENT "@project@\n" @ONLY)
run(COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${work}/example -B ${work}/build-sources
  -DCMAKE_CXX_COMPILER=${CXX})

if(daemon IN_LIST COMPONENTS)
  run(COMMAND ${prefix}/${BINDIR}/minuted --version)
  if(NOT OUTPUT MATCHES "${VERSION}")
    message(FATAL_ERROR "the installed daemon says of its version: ${OUTPUT}")
  endif()
endif()
