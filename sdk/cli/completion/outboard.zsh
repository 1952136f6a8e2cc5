#compdef outboard
# SPDX-License-Identifier: MIT
# Completion of the outboard command for zsh.

_outboard_services()
{
    local -a services
    services=(gain delay equaliser compressor reverb)
    services+=(${(f)"$(outboard list 2>/dev/null | awk 'NR > 1 && $1 != "No" { print "@" $1 }')"})
    compadd -a services
    _files -g '*(*)'
}

_outboard_run()
{
    _arguments \
        '*--in[sound file, or tone\:HZ]:file:_files' \
        '--out[the result]:file:_files' \
        '--device[in place of --in, --out or both]:address:(null portaudio\:JACK portaudio\:ALSA rtaudio\:JACK rtaudio\:Pulse rtaudio\:ALSA)' \
        '--duration[of a stream from a device]:time:(10s 60s)' \
        '--dry[the input as it was streamed]:file:_files' \
        '*--service[processor, executable or @name]:service:_outboard_services' \
        '*--param[SERVICE.KEY=VALUE]:setting:' \
        '--repeat[play the inputs N times]:count:' \
        '--tail[go on after the input]:time:(auto 1s 2s 5s)' \
        '--no-align[leave the latency in the output]' \
        '--block[frames per block]:frames:(32 64 128 256 512 1024)' \
        '--rate[sample rate]:hertz:(44100 48000 96000)' \
        '--channels[channels]:count:(1 2)' \
        '--mode[how blocks are waited for]:mode:(sync pipelined)' \
        '--latency-blocks[latency in pipelined mode]:blocks:(1 2 3 4)' \
        '--pace[speed of the stream]:pace:(realtime free)' \
        '--deadline[how long an answer may take]:time:' \
        '--standby[who takes over]:standby:(none hot)' \
        '--standbys[how many hot standbys]:count:(1 2)' \
        '--test-standby[kill each service and compare with the forecast]' \
        '--standby-placement[where standbys run]:placement:(auto trailing other)' \
        '--fallback[what is heard meanwhile]:fallback:(dry silence hold)' \
        '--hang-limit[silence that counts as hung]:time:(50ms 100ms)' \
        '*--fault[KIND@WHEN]:fault:(kill@ stop@ segv@ exit@ spin@ late= nan@)' \
        '--placement[where services run]:placement:(auto same other none)' \
        '--cpu[pin the audio thread]:cpu:' \
        '--priority[of the audio thread]:priority:' \
        '--spin[before sleeping]:microseconds:' \
        '--hold-cpu-latency[keep CPUs out of deep sleep]' \
        '--report[what happened, as JSON]:file:_files -g "*.json"' \
        '--page[a page with pictures of it]:file:_files -g "*.html"' \
        '--save-poison[keep blocks that services die over]:folder:_files -/' \
        '--json[print the report]' \
        '(-q --quiet)'{-q,--quiet}'[print errors only]' \
        '(-v --verbose)'{-v,--verbose}'[print what the library does]' \
        '--help[all of this, explained]'
}

_outboard()
{
    local -a commands
    commands=(
        'run:stream sound through services'
        'serve:run a service that hosts find by name'
        'list:list the services that can be found'
        'devices:list the devices to stream with'
        'help:explain a command'
        'version:print the version'
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
        run) _outboard_run ;;
        serve)
            _arguments '--name[its name]:name:' '--service[executable]:file:_files' \
                '--verbose[print what it does]' '--help[explain]'
            ;;
        devices) _arguments '--json[as JSON]' '--help[explain]' ;;
        list) _arguments '--json[as JSON]' '--help[explain]' ;;
        help) compadd run serve list devices ;;
    esac
}

_outboard "$@"
