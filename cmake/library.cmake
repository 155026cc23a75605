# The library, anyloop::anyloop, and two static twins of it for tests that need the core's internals.

if(ANYLOOP_AMALGAMATED)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(amalgamation ${PROJECT_BINARY_DIR}/amalgamation)
  file(GLOB_RECURSE inputs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/*.[ch])
  add_custom_command(
    OUTPUT ${amalgamation}/anyloop.c ${amalgamation}/anyloop.h
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/amalgamate.py ${amalgamation}
    DEPENDS ${inputs} ${PROJECT_SOURCE_DIR}/tools/amalgamate.py ${PROJECT_SOURCE_DIR}/cmake/ports.cmake
    COMMENT "Amalgamating the core" VERBATIM)
  add_custom_target(anyloop_amalgamation DEPENDS ${amalgamation}/anyloop.c ${amalgamation}/anyloop.h)
endif()

# The core on a port as TARGET, of the library type that is given as a further argument, if any.
function(anyloop_add_library target port)
  if(ANYLOOP_AMALGAMATED)
    add_library(${target} ${ARGN} ${amalgamation}/anyloop.c)
    add_dependencies(${target} anyloop_amalgamation)
    target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${amalgamation}>)
    if(port MATCHES "^(sim|wasm)$") # the others are told by the compiler
      string(TOUPPER ${port} name)
      target_compile_definitions(${target} PRIVATE ANYLOOP_PORT_${name})
    elseif(ANYLOOP_POLLER STREQUAL "poll")
      target_compile_definitions(${target} PRIVATE ANYLOOP_POLLER_POLL)
    endif()
  else()
    anyloop_core_sources(${port} sources)
    add_library(${target} ${ARGN} ${sources})
    target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/core/include>
                               PRIVATE ${PROJECT_SOURCE_DIR}/core)
    # Empty, so that a file's own `#define _GNU_SOURCE` says the same and is no warning.
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE=)
  endif()
  anyloop_flags(${target})
  get_property(pic GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ${pic} C_VISIBILITY_PRESET hidden)
  if(CMAKE_BUILD_TYPE MATCHES "^(Release|MinSizeRel)$")
    # One translation unit: an api function and the room behind it become one.
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  if(port STREQUAL "posix")
    set(THREADS_PREFER_PTHREAD_FLAG ON)
    find_package(Threads REQUIRED)
    target_link_libraries(${target} PRIVATE Threads::Threads)
  endif()
endfunction()

anyloop_add_library(anyloop ${ANYLOOP_PORT})
add_library(anyloop::anyloop ALIAS anyloop)
if(EMSCRIPTEN)
  # As in C: when main returns the program ends, unless a loop that was started is still to be turned; memory is what is asked for.
  target_link_options(anyloop INTERFACE -sEXIT_RUNTIME -sALLOW_MEMORY_GROWTH)
  if(EMSCRIPTEN_VERSION VERSION_LESS 3.1.69)
    # It would fetch the module, and in Node 18 and newer there is a fetch, but none that takes files. (3.1.69 is known to do without.)
    # (SHELL, or CMake would take it and a --pre-js of the program's for the same option.)
    target_link_options(anyloop INTERFACE "$<BUILD_INTERFACE:SHELL:--pre-js ${PROJECT_SOURCE_DIR}/wasm/no-fetch.js>"
      "$<INSTALL_INTERFACE:SHELL:--pre-js $<INSTALL_PREFIX>/${CMAKE_INSTALL_DATADIR}/anyloop/no-fetch.js>")
  endif()
endif()
target_include_directories(anyloop PUBLIC $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
# Before 1.0 every minor version may break the ABI, so it is part of the soname.
set_target_properties(anyloop PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
if(BUILD_SHARED_LIBS AND UNIX AND NOT APPLE)
  target_link_options(anyloop PRIVATE "LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/anyloop.map" LINKER:-z,defs
    LINKER:-z,nodelete) # threads and a thread-exit function may outlive a dlclose
  if(ANYLOOP_SANITIZE)
    # The sanitizers' symbols come from the program that loads the library.
    target_link_options(anyloop PRIVATE LINKER:-z,undefs)
  endif()
  set_target_properties(anyloop PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/anyloop.map)
endif()

if(ANYLOOP_BUILD_TESTS)
  set(ports ${ANYLOOP_PORT} sim)
  list(REMOVE_DUPLICATES ports)
  foreach(port IN LISTS ports)
    anyloop_add_library(anyloop_internals_${port} ${port} STATIC EXCLUDE_FROM_ALL)
    target_include_directories(anyloop_internals_${port} INTERFACE
      ${PROJECT_SOURCE_DIR}/core ${PROJECT_SOURCE_DIR}/core/include)
  endforeach()
endif()
