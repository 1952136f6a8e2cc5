# SPDX-License-Identifier: MIT
# Completion of the outboard command for bash.

_outboard_services()
{
    outboard list 2>/dev/null | awk 'NR > 1 && $1 != "No" { print "@" $1 }'
}

_outboard_hosts()
{
    outboard status --json 2>/dev/null | sed -n 's/^      "process_id": \([0-9]*\),$/\1/p' | sort -un
}

_outboard_values()
{
    case $1 in
        --service) echo "gain delay equaliser compressor reverb $(_outboard_services)" ;;
        --mode) echo "sync pipelined" ;;
        --pace) echo "realtime free" ;;
        --standby) echo "none hot warm" ;;
        --standbys) echo "1 2" ;;
        --standby-placement) echo "auto trailing other" ;;
        --fallback) echo "dry silence hold" ;;
        --group) echo "none name all" ;;
        --placement) echo "auto same other none" ;;
        --device) echo "null portaudio:JACK portaudio:ALSA rtaudio:JACK rtaudio:Pulse rtaudio:ALSA" ;;
        --tail) echo "auto" ;;
        --seconds) echo "2 10 100" ;;
        --block) echo "32 64 128 256 512 1024" ;;
        --rate) echo "44100 48000 96000" ;;
        --interval) echo "500ms 1s 2s 5s" ;;
        --count) echo "1 10 60" ;;
        --listen) echo "127.0.0.1:9749 [::1]:9749" ;;
        --fault) echo "kill@ stop@ segv@ exit@ spin@ late= nan@" ;;
        *) return 1 ;;
    esac
}

# What `outboard bench` means by options that others have too; nothing for a file.
_outboard_bench_values()
{
    case $1 in
        --placement) echo "same other same,other" ;;
        --spin) echo "off on off,on" ;;
        --class) echo "fifo other fifo,other" ;;
        --pace) echo "paced free paced,free" ;;
        --mode) echo "sync pipelined sync,pipelined" ;;
        --samples) echo "1000 10000 100000" ;;
        --fault) echo "kill stop segv exit spin late nan kill,stop" ;;
        --standby) echo "none warm hot none,hot" ;;
        --strikes) echo "3 20 100" ;;
        --services) echo "1 2 4 1,2,4" ;;
        --lanes) echo "16 64 256" ;;
        --cycles) echo "200 2000 20000" ;;
        --fail-above) echo "5% 10% 20%" ;;
        --json | --csv | --html | compare | report | *.json) compopt -o filenames ;;
        *) return 1 ;;
    esac
}

_outboard_options()
{
    case $1 in
        run)
            echo "--in --out --device --duration --dry --service --param --repeat --tail --no-align --block --rate" \
                "--channels --mode --latency-blocks --pace --deadline --standby --standbys" \
                "--standby-placement --test-standby --fallback" \
                "--hang-limit --fault --placement --cpu --priority --spin --group" \
                "--hold-cpu-latency" \
                "--report --page --save-poison --json --quiet --verbose --help"
            ;;
        serve) echo "--name --service --verbose --help" ;;
        list | devices) echo "--json --help" ;;
        bench)
            echo "hop failover scale compare report --fault --standby --strikes --service --wav" \
                "--services --lanes --cycles" \
                "--block --mode --placement --spin --class --pace --quick --samples --no-jack --json --csv --html --fail-above --version --help"
            ;;
        doctor) echo "--json --fix --seconds --version --help" ;;
        status)
            echo "--json --help"
            [[ $2 == -* ]] || _outboard_hosts
            ;;
        top) echo "--interval --count --help" ;;
        metrics) echo "--listen --help" ;;
        help) echo "run serve list status top metrics devices doctor bench" ;;
    esac
}

_outboard()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="run serve list status top metrics devices doctor bench help version --help --version"
    elif [ "${COMP_WORDS[1]}" = bench ] && words=$(_outboard_bench_values "$previous"); then
        if [ -z "$words" ]; then
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
        fi
    elif ! words=$(_outboard_values "$previous"); then
        case $previous in
            --in | --out | --dry | --report | --page)
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                return
                ;;
        esac
        words=$(_outboard_options "${COMP_WORDS[1]}" "$current")
    elif [ "$previous" = --service ]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"; compgen -f -- "$current")
        return
    fi
    [ "$previous" = --fault ] && compopt -o nospace
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _outboard outboard
