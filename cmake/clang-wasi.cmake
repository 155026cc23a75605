# ANYLOOP_CLANG_19, and ANYLOOP_WASI_COMPILES: it makes programs for wasm32-wasi, with Debian's wasi-libc.

find_program(ANYLOOP_CLANG_19 clang-19)
set(ANYLOOP_WASI_COMPILES FALSE)
if(ANYLOOP_CLANG_19)
  set(empty ${CMAKE_CURRENT_BINARY_DIR}/wasi-empty)
  file(WRITE ${empty}.c "int main(void) { return 0; }\n")
  execute_process(COMMAND ${ANYLOOP_CLANG_19} --target=wasm32-wasi ${empty}.c -o ${empty}.wasm
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(status EQUAL 0)
    set(ANYLOOP_WASI_COMPILES TRUE)
  endif()
endif()
