# jarana_library(NAME [MLIR] SOURCES file... [DEPENDS target...] [LINK library...])
# A static library. MLIR: it includes MLIR headers, so it shares the
# precompiled header and links the MLIR dylib. DEPENDS: generated headers that
# must exist before it compiles.
function(jarana_library name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  if(ARG_MLIR)
    jarana_use_mlir(${name})
  endif()
endfunction()

# jarana_executable(NAME [MLIR] SOURCES file... [LINK library...])
function(jarana_executable name)
  cmake_parse_arguments(ARG "MLIR" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  if(ARG_MLIR)
    # -fPIC and not -fPIE, as the precompiled header is shared with the libraries.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIC)
    jarana_use_mlir(${name})
  endif()
endfunction()

function(jarana_use_mlir name)
  # Always the dylib: mixing it with static MLIR libraries duplicates TypeIDs.
  target_link_libraries(${name} PUBLIC MLIR LLVM)
  if(NOT TARGET JaranaMlirPch)
    # CONFIGURE leaves an unchanged file alone: a new time stamp would compile
    # everything again.
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch.cpp CONTENT "")
    add_library(JaranaMlirPch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
    target_precompile_headers(JaranaMlirPch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/MlirHeaders.h)
  endif()
  target_precompile_headers(${name} REUSE_FROM JaranaMlirPch)
endfunction()

# jarana_passes(NAME): what tablegen makes of Passes.td in this folder:
# Passes.h.inc (target JaranaNAMEPassesIncGen), and its page of `make docs`.
macro(jarana_passes name)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name=${name})
  add_public_tablegen_target(Jarana${name}PassesIncGen)
  add_mlir_doc(Passes ${name}Passes passes/ -gen-pass-doc)
endmacro()
