# A toolchain file: programs for WASI, by the wasi-sdk in WASI_SDK_PATH (a variable of CMake's or of the environment), else by
# clang-19 and Debian's wasi-libc. What is built runs in Node 20 or newer.
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}) # Platform/WASI.cmake, which CMake does not bring

# Kept: a later run of CMake may have another environment.
set(WASI_SDK_PATH "$ENV{WASI_SDK_PATH}" CACHE PATH "The wasi-sdk to build with; empty: clang-19 and the system's wasi-libc")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WASI_SDK_PATH)

# The triple depends on where the headers lie: Debian's are in wasm32-wasi, and wasi-sdk calls that name deprecated.
if(WASI_SDK_PATH)
  set(CMAKE_C_COMPILER ${WASI_SDK_PATH}/bin/clang)
  set(CMAKE_C_COMPILER_TARGET wasm32-wasip1)
  foreach(tool AR RANLIB NM)
    string(TOLOWER llvm-${tool} program)
    set(CMAKE_${tool} ${WASI_SDK_PATH}/bin/${program})
  endforeach()
else()
  set(CMAKE_C_COMPILER clang-19)
  set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
endif()

# Not -s: clang runs the binaryen that is in PATH on what it links, and an old one needs what -s takes away.
set(CMAKE_EXE_LINKER_FLAGS_RELEASE_INIT -Wl,--strip-debug)

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH root)
set(CMAKE_CROSSCOMPILING_EMULATOR node --no-warnings ${root}/tools/wasi-run.mjs)
