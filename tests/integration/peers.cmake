# SPDX-License-Identifier: MIT
#
# Tests of what one side does when the other breaks the rules.

# A service with an attack for each rule (OB_TEST_ATTACK).
add_executable(ob_hostile_service
    services/hostile_service.cpp services/memory_attacks.cpp services/raw_peer.cpp
    services/scribblers.cpp)
target_link_libraries(ob_hostile_service PRIVATE ob_build_flags ob_sdk_core)

foreach(name IN ITEMS hostile_peer)
    ob_add_test(integration/${name} SOURCES ${name}_test.cpp LIBRARIES ob_integration_support ob_builtin
        LABELS integration RUN_SERIAL DEPENDS ob_hostile_service
        DEFINITIONS OB_HOSTILE_SERVICE="$<TARGET_FILE:ob_hostile_service>")
endforeach()
