# SPDX-License-Identifier: MIT
#
# Tests of bad input: of what one side does when the other, or its user, breaks the rules.

# A service with an attack for each rule (OB_TEST_ATTACK).
add_executable(ob_hostile_service
    services/hostile_service.cpp services/memory_attacks.cpp services/raw_peer.cpp
    services/scribblers.cpp)
target_link_libraries(ob_hostile_service PRIVATE ob_build_flags ob_sdk_core)

add_library(ob_raw_host STATIC support/raw_host.cpp support/seed.cpp)
target_link_libraries(ob_raw_host PUBLIC ob_integration_support)

foreach(name IN ITEMS hostile_peer mutated_message)
    ob_add_test(integration/${name} SOURCES ${name}_test.cpp LIBRARIES ob_raw_host ob_builtin
        LABELS integration RUN_SERIAL DEPENDS ob_hostile_service
        DEFINITIONS OB_HOSTILE_SERVICE="$<TARGET_FILE:ob_hostile_service>")
endforeach()

foreach(name IN ITEMS insert_errors ordinary_user)
    ob_add_test(integration/${name} SOURCES ${name}_test.cpp LIBRARIES ob_integration_support
        LABELS integration RUN_SERIAL)
endforeach()

ob_add_test(integration/host_input SOURCES host_input_test.cpp
    LIBRARIES ob_raw_host LABELS integration RUN_SERIAL)
