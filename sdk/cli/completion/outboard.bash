# SPDX-License-Identifier: MIT
# Completion of the outboard command for bash.

_outboard_services()
{
    outboard list 2>/dev/null | awk 'NR > 1 && $1 != "No" { print "@" $1 }'
}

_outboard_values()
{
    case $1 in
        --service) echo "gain delay equaliser compressor reverb $(_outboard_services)" ;;
        --mode) echo "sync pipelined" ;;
        --pace) echo "realtime free" ;;
        --standby) echo "none hot" ;;
        --standbys) echo "1 2" ;;
        --standby-placement) echo "auto trailing other" ;;
        --fallback) echo "dry silence hold" ;;
        --placement) echo "auto same other none" ;;
        --device) echo "null portaudio:JACK portaudio:ALSA rtaudio:JACK rtaudio:Pulse rtaudio:ALSA" ;;
        --tail) echo "auto" ;;
        --block) echo "32 64 128 256 512 1024" ;;
        --rate) echo "44100 48000 96000" ;;
        --fault) echo "kill@ stop@ segv@ exit@ spin@ late= nan@" ;;
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
                "--hang-limit --fault --placement --cpu --priority --spin --hold-cpu-latency" \
                "--report --page --save-poison --json --quiet --verbose --help"
            ;;
        serve) echo "--name --service --verbose --help" ;;
        list | devices) echo "--json --help" ;;
        help) echo "run serve list devices" ;;
    esac
}

_outboard()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="run serve list devices help version --help --version"
    elif ! words=$(_outboard_values "$previous"); then
        case $previous in
            --in | --out | --dry | --report | --page)
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                return
                ;;
        esac
        words=$(_outboard_options "${COMP_WORDS[1]}")
    elif [ "$previous" = --service ]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"; compgen -f -- "$current")
        return
    fi
    [ "$previous" = --fault ] && compopt -o nospace
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _outboard outboard
