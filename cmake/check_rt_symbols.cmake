# SPDX-License-Identifier: MIT
#
# Fails when real-time code needs a symbol that can block, allocate or throw. It reads the archive
# as built, so it sees what the optimiser left and works with every compiler.
#
#   cmake -DNM=<nm> -P check_rt_symbols.cmake <libob_rt_path.a>
#
# abort() is allowed: it is how an assertion ends. syscall() hides what it calls, so only the object
# that waits on futexes may use it.

math(EXPR last_argument "${CMAKE_ARGC} - 1")
set(archive "${CMAKE_ARGV${last_argument}}")
if(NOT NM OR NOT EXISTS "${archive}")
    message(FATAL_ERROR "Usage: cmake -DNM=<nm> -P check_rt_symbols.cmake <archive>")
endif()

set(banned
    # memory
    "malloc|calloc|realloc|reallocarray|free|posix_memalign|aligned_alloc|memalign|valloc|strdup"
    "_Zn[wa].*|_Zd[la].*"  # operator new, operator delete
    "mmap(64)?|munmap|mremap|mprotect|madvise|mlock2?|munlock|mlockall|s?brk"
    # locks and threads
    "pthread_(mutex|rwlock|cond|spin|barrier|once|create|join|key).*|sem_.*|mtx_.*|cnd_.*"
    "_ZNSt(5mutex|6thread|18condition_variable).*"
    # exceptions, guards of local statics, destructors at exit
    "__cxa_.*|_ZSt[0-9]+__throw_.*|_Unwind_.*|__gxx_personality_.*"
    # input and output
    "(__)?(v|f|s|d|vf|vs|vd|sn|vsn|as|vas)?printf(_chk)?|f?put[cs]|putchar|fopen(64)?|fclose|fflush"
    "open(64|at)?|close|p?(read|write)(v|64)?|f(read|write)|p?poll|select|epoll_.*|ioctl|syslog"
    "send|recv|(send|recv)(msg|to|from)|_ZNSo.*|_ZNSi.*|_ZSt4c(out|err|log)"
    # waiting
    "(nano|u|clock_nano)?sleep|sched_yield|wait(pid|id)?|pause|sigwait.*"
    # loading, signals, processes
    "dlopen|dlsym|fork|vfork|clone|exec[lv].*|signal|sigaction|raise|kill|exit|_exit")
set(objects_that_wait "^futex\\.cpp\\.o(bj)?$")

execute_process(COMMAND ${NM} --undefined-only ${archive}
    OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE ";" "" listing "${listing}")
string(REPLACE "\n" ";" lines "${listing}")

# One expression at a time: CMake's engine has a limit on parentheses.
function(is_banned symbol out)
    foreach(expression IN LISTS banned)
        if(symbol MATCHES "^(${expression})$")
            set(${out} TRUE PARENT_SCOPE)
            return()
        endif()
    endforeach()
    set(${out} FALSE PARENT_SCOPE)
endfunction()

set(object "")
set(symbol_count 0)
set(violations "")
foreach(line IN LISTS lines)
    if(line MATCHES "^([^ ]+):$")
        set(object "${CMAKE_MATCH_1}")
    elseif(line MATCHES " U ([^@ ]+)")
        set(symbol "${CMAKE_MATCH_1}")
        math(EXPR symbol_count "${symbol_count} + 1")
        is_banned(${symbol} banned_symbol)
        if(banned_symbol
           OR (symbol STREQUAL "syscall" AND NOT object MATCHES "${objects_that_wait}"))
            list(APPEND violations "${object}: ${symbol}")
        endif()
    endif()
endforeach()

if(symbol_count EQUAL 0)
    message(FATAL_ERROR "${archive}: no symbol found, so nothing was audited")
endif()
if(violations)
    list(REMOVE_DUPLICATES violations)
    list(JOIN violations "\n  " violations)
    message(FATAL_ERROR "${archive} is real-time code but needs\n  ${violations}")
endif()
