# A toolchain file for Emscripten: Debian's 3.1.6 and later ones, of an emsdk ($EMSDK) or of the PATH.
#
# It includes Emscripten's own and adds what makes that work as it is installed. A program needs nothing of it: `emcmake cmake`
# does as well for those whose node finds its modules, and what the library asks of a link rides on its targets.

find_program(ANYLOOP_EM_CONFIG em-config HINTS $ENV{EMSDK}/upstream/emscripten NO_CMAKE_FIND_ROOT_PATH)
if(NOT ANYLOOP_EM_CONFIG)
  message(FATAL_ERROR "anyloop: there is no Emscripten: neither is em-config in PATH nor does EMSDK name an emsdk; "
                      "tools/setup installs it")
endif()
execute_process(COMMAND ${ANYLOOP_EM_CONFIG} EMSCRIPTEN_ROOT OUTPUT_VARIABLE emscripten_root
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
# Emscripten's file calls emcc and em-config by their names.
cmake_path(GET ANYLOOP_EM_CONFIG PARENT_PATH emscripten_programs)
set(ENV{PATH} "${emscripten_programs}:$ENV{PATH}")

# Programs run in the node that tools/setup brought, or in that of the PATH: Emscripten's file would take nodejs, which is
# Debian's 18 where there is a newer node too.
find_program(ANYLOOP_NODE node HINTS ${CMAKE_CURRENT_LIST_DIR}/../build/tools/node_modules/.bin NO_CMAKE_FIND_ROOT_PATH)
if(ANYLOOP_NODE AND NOT DEFINED CMAKE_CROSSCOMPILING_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${ANYLOOP_NODE})
endif()

include(${emscripten_root}/cmake/Modules/Platform/Emscripten.cmake)

# At a link, Debian's Emscripten asks node for modules that lie where only Debian's own node looks.
if(EXISTS /usr/share/nodejs AND emscripten_root MATCHES "^/usr/share/")
  set(CMAKE_C_LINKER_LAUNCHER ${CMAKE_COMMAND} -E env NODE_PATH=/usr/share/nodejs)
endif()
