# cmocka: the machine's, and for Emscripten, which has none, from the source that tools/cmocka-source brings.
# Sets cmocka_FOUND, CMOCKA_LIBRARIES and CMOCKA_INCLUDE_DIR, as cmocka's own package does.

if(NOT EMSCRIPTEN)
  find_package(cmocka QUIET)
  return()
endif()

set(source ${PROJECT_SOURCE_DIR}/build/tools/cmocka)
set(cmocka_FOUND FALSE)
if(EXISTS ${source}/src/cmocka.c)
  set(cmocka_FOUND TRUE)
  add_library(cmocka STATIC EXCLUDE_FROM_ALL ${source}/src/cmocka.c)
  # What its own configure step would find, which takes longer than all the tests. Its warnings are not ours to mend.
  target_compile_options(cmocka PRIVATE -w)
  target_compile_definitions(cmocka PRIVATE HAVE_INTTYPES_H HAVE_STRINGS_H HAVE_STRUCT_TIMESPEC HAVE_CLOCK_REALTIME
    HAVE_GCC_THREAD_LOCAL_STORAGE HAVE_SIGNAL_H)
  # musl's uintptr_t is an unsigned long, and cmocka.h would make it an unsigned int.
  target_compile_definitions(cmocka PUBLIC _UINTPTR_T)
  target_include_directories(cmocka PRIVATE ${source}/include)
  set(CMOCKA_LIBRARIES cmocka)
  set(CMOCKA_INCLUDE_DIR ${source}/include)
endif()
