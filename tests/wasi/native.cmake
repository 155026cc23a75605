# In a native build: the same project once more, built for WASI beside it, and what the tests there say.

include(${PROJECT_SOURCE_DIR}/cmake/clang-wasi.cmake)
include(${PROJECT_SOURCE_DIR}/cmake/node.cmake)

# The modules are the same whatever the native build is: they are made once of the sources, once of the amalgamation.
if(NOT CMAKE_BUILD_TYPE MATCHES "^(Release|MinSizeRel)$" OR NOT CMAKE_C_COMPILER_ID STREQUAL "GNU" OR ANYLOOP_POLLER STREQUAL "poll")
  return()
endif()

set(wasi ${PROJECT_BINARY_DIR}/wasi)
if(ANYLOOP_WASI_COMPILES)
  # Debian's tools, whatever the environment has: WASI_SDK_PATH is for the preset wasi.
  add_custom_target(wasi ALL
    COMMAND ${CMAKE_COMMAND} -S ${PROJECT_SOURCE_DIR} -B ${wasi} -G ${CMAKE_GENERATOR}
      -D CMAKE_TOOLCHAIN_FILE=${PROJECT_SOURCE_DIR}/cmake/wasi.cmake -D WASI_SDK_PATH= -D CMAKE_BUILD_TYPE=Release
      -D ANYLOOP_BUILD_TESTS=ON -D ANYLOOP_BUILD_EXAMPLES=ON -D ANYLOOP_AMALGAMATED=${ANYLOOP_AMALGAMATED}
      -D CMAKE_COMPILE_WARNING_AS_ERROR=ON --log-level=WARNING
    COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS ${CMAKE_COMMAND} --build ${wasi}
    COMMENT "Building for WASI" VERBATIM)
endif()

set(needs NEEDS ANYLOOP_CLANG_19 ANYLOOP_WASI_COMPILES ANYLOOP_NODE_20)
foreach(folder corpus scenarios)
  anyloop_add_check(conformance/wasi-${folder} TIMEOUT 600 ${needs} Python3_FOUND COMMAND ${CMAKE_COMMAND} -E env BUILD_DIR=${wasi}
    ${Python3_EXECUTABLE} tests/conformance/run wasi tests/conformance/${folder})
endforeach()
foreach(room wasi examples guide)
  anyloop_add_check(wasi/${room} TIMEOUT 300 ${needs}
    COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${wasi} --no-tests=error --output-on-failure -R ^${room}/)
endforeach()
