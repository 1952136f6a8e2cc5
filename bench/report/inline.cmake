# SPDX-License-Identifier: MIT
#
# Makes one page of page.html, report.css, report.js and uPlot, as a C++ source. Run while building:
#
#     cmake -D NPM=path-or-empty -D SOURCE=bench/report -D WORK=folder -D OUT=file.cpp -P inline.cmake
#
# npm fetches uPlot as package-lock.json pins it. Without npm, or where it fails, the page is empty:
# the program says so when one is asked of it.

set(page "")
set(reason "npm was not found")
if(NPM)
    file(MAKE_DIRECTORY "${WORK}")
    file(COPY "${SOURCE}/package.json" "${SOURCE}/package-lock.json" DESTINATION "${WORK}")
    execute_process(COMMAND "${NPM}" ci --ignore-scripts --no-audit --no-fund
        WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE failure OUTPUT_QUIET ERROR_VARIABLE reason
        TIMEOUT 120)
    if(NOT failure)
        file(READ "${SOURCE}/page.html" page)
        set(plot_folder "${WORK}/node_modules/uplot")
        foreach(part IN ITEMS
                "uplot_css=${plot_folder}/dist/uPlot.min.css"
                "uplot_js=${plot_folder}/dist/uPlot.iife.min.js"
                "uplot_licence=${plot_folder}/LICENSE"
                "report_css=${SOURCE}/report.css" "report_js=${SOURCE}/report.js")
            string(REGEX MATCH "^([^=]*)=(.*)$" ignored "${part}")
            set(name "${CMAKE_MATCH_1}")
            file(READ "${CMAKE_MATCH_2}" text)
            string(REPLACE "{{${name}}}" "${text}" page "${page}")
        endforeach()
    endif()
endif()
if(page STREQUAL "")
    message(STATUS "outboard-bench: no plots, no --html: ${reason}")
endif()

# A literal may not be longer than 64 KiB by the standard's word; pieces are put together again.
set(source "// SPDX-License-Identifier: MIT\n#include \"bench/tool/page.hpp\"\n\n")
string(APPEND source "namespace outboard::bench {\n\nconst char* const page_template =\n")
string(LENGTH "${page}" length)
set(begin 0)
set(piece_bytes 15000)
while(begin LESS length)
    string(SUBSTRING "${page}" ${begin} ${piece_bytes} piece)
    string(APPEND source "R\"ob_page(${piece})ob_page\"\n")
    math(EXPR begin "${begin} + ${piece_bytes}")
endwhile()
if(length EQUAL 0)
    string(APPEND source "\"\"\n")
endif()
string(APPEND source ";\n\n}  // namespace outboard::bench\n")
file(WRITE "${OUT}" "${source}")
