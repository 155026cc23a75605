# anyloop_flags(TARGET): what every target of this project is compiled with: C11 without extensions, the warnings, the
# sanitizers. Warnings are errors in the presets (CMAKE_COMPILE_WARNING_AS_ERROR), not for those who embed the library.
#
# The sanitizers are options of each target, not of the directory: a target made before add_compile_options() is
# called would silently stay without them.
function(anyloop_flags target)
  set_target_properties(${target} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(ANYLOOP_SANITIZE)
    # A finding of UBSan ends the program, as one of ASan does: a test that prints it and passes would hide it.
    target_compile_options(${target} PRIVATE -fsanitize=${ANYLOOP_SANITIZE} -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${ANYLOOP_SANITIZE})
  endif()
endfunction()
