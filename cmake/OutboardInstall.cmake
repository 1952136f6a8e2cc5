# SPDX-License-Identifier: MIT
#
# What a user's build finds after `cmake --install`: headers, libraries, find_package(Outboard) and
# pkg-config. Programs, man pages and completions are installed by the folders that make them.
#
# Two export sets, because a user of the shared library needs nothing else, while Outboard::rt is a
# static library that hands its dependencies on.

include(CMakePackageConfigHelpers)

set(ob_package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Outboard")

install(TARGETS ob_sdk EXPORT OutboardSdkTargets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS ob_rt_path ob_rt EXPORT OutboardRtTargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/outboard")
foreach(export IN ITEMS OutboardSdkTargets OutboardRtTargets)
    install(EXPORT ${export} NAMESPACE Outboard:: DESTINATION "${ob_package_folder}")
endforeach()

configure_package_config_file(
    "${CMAKE_CURRENT_LIST_DIR}/OutboardConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/OutboardConfig.cmake"
    INSTALL_DESTINATION "${ob_package_folder}"
    NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/OutboardConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/OutboardConfig.cmake"
    "${PROJECT_BINARY_DIR}/OutboardConfigVersion.cmake"
    DESTINATION "${ob_package_folder}")

# The prefix is found from where the .pc file lies, so that an installed tree can be moved.
set(ob_pkgconfig_folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH ob_prefix_from_pc "/${ob_pkgconfig_folder}" "/")
configure_file("${CMAKE_CURRENT_LIST_DIR}/outboard.pc.in" "${PROJECT_BINARY_DIR}/outboard.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/outboard.pc" DESTINATION "${ob_pkgconfig_folder}")

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
