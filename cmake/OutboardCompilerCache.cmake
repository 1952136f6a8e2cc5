# SPDX-License-Identifier: MIT
#
# Compiles through ccache where it is installed, unless the user has chosen a launcher, or we are
# part of somebody else's build.

if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(OB_CCACHE ccache)
    mark_as_advanced(OB_CCACHE)
    if(OB_CCACHE)
        set(CMAKE_C_COMPILER_LAUNCHER "${OB_CCACHE}")
        set(CMAKE_CXX_COMPILER_LAUNCHER "${OB_CCACHE}")
    endif()
endif()
