# SPDX-License-Identifier: MIT
#
# ob_build_flags: the build rules every target of ours shares; never exported to users.
# Includes start at the root of the project: #include "rt/path/contract.hpp".

add_library(ob_build_flags INTERFACE)
target_compile_features(ob_build_flags INTERFACE cxx_std_20 c_std_11)
target_compile_options(ob_build_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${OB_WERROR}>:-Werror>)
target_include_directories(ob_build_flags INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
