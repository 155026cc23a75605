# The libraries of other hosts, found by pkg-config: for examples and tests only, the library itself needs none.

find_package(PkgConfig QUIET)

# Sets VARIABLE to those of the packages that are not there.
function(anyloop_find_packages variable)
  set(lacks "")
  foreach(package IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "ANYLOOP_PACKAGE_${package}" prefix)
    if(PKG_CONFIG_FOUND AND NOT TARGET PkgConfig::${prefix})
      pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${package})
    endif()
    if(NOT TARGET PkgConfig::${prefix})
      list(APPEND lacks ${package})
    endif()
  endforeach()
  set(${variable} "${lacks}" PARENT_SCOPE)
endfunction()

function(anyloop_link_packages target)
  foreach(package IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "ANYLOOP_PACKAGE_${package}" prefix)
    target_link_libraries(${target} PRIVATE PkgConfig::${prefix})
  endforeach()
endfunction()
