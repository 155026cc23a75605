# In a native build: the two amalgamated files once more, built by Emscripten beside it, and what the tests there say. The
# sources themselves are the preset `web`.

include(${PROJECT_SOURCE_DIR}/cmake/node.cmake)
find_program(ANYLOOP_EMCC emcc HINTS $ENV{EMSDK}/upstream/emscripten)

anyloop_add_check(web/host-js NEEDS Python3_FOUND COMMAND ${Python3_EXECUTABLE} tools/host_js.py --check)
if(NOT ANYLOOP_AMALGAMATED)
  return()
endif()

set(web ${PROJECT_BINARY_DIR}/web)
if(ANYLOOP_EMCC AND ANYLOOP_NODE_20)
  add_custom_target(web ALL
    COMMAND ${CMAKE_COMMAND} -S ${PROJECT_SOURCE_DIR} -B ${web} -G ${CMAKE_GENERATOR}
      -D CMAKE_TOOLCHAIN_FILE=${PROJECT_SOURCE_DIR}/cmake/emscripten.cmake -D CMAKE_BUILD_TYPE=Release
      -D ANYLOOP_BUILD_TESTS=ON -D ANYLOOP_BUILD_EXAMPLES=ON -D ANYLOOP_AMALGAMATED=${ANYLOOP_AMALGAMATED}
      -D CMAKE_COMPILE_WARNING_AS_ERROR=ON --log-level=WARNING
    COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS ${CMAKE_COMMAND} --build ${web}
    COMMENT "Building by Emscripten" VERBATIM)
endif()

set(needs NEEDS ANYLOOP_EMCC ANYLOOP_NODE_20)
foreach(folder corpus scenarios)
  anyloop_add_check(conformance/wasm-c-${folder} TIMEOUT 600 ${needs} Python3_FOUND COMMAND ${CMAKE_COMMAND} -E env BUILD_DIR=${web}
    ${Python3_EXECUTABLE} tests/conformance/run wasm-c tests/conformance/${folder})
endforeach()
foreach(room unit web examples guide)
  anyloop_add_check(web/${room} TIMEOUT 600 ${needs}
    COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${web} --no-tests=error --output-on-failure -R ^${room}/)
endforeach()
