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

_outboard_hosts()
{
    compadd ${(u)${(f)"$(outboard status --json 2>/dev/null |
        sed -n 's/^      "process_id": \([0-9]*\),$/\1/p')"}}
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
        '--standby[who takes over]:standby:(none hot warm)' \
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
        '--group[services that share a process]:group:(none name all)' \
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
        'status:show what hosts do at this moment'
        'top:show what hosts do, again and again'
        'metrics:serve what hosts do to Prometheus'
        'devices:list the devices to stream with'
        'doctor:find what keeps this machine from real-time audio'
        'bench:measure what audio in another process costs'
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
        doctor)
            _arguments '(--fix)--json[as JSON]' '(--json)--fix[print the commands that remedy]' \
                '--seconds[how long wake-ups are measured]:seconds:(2 10 100)' \
                '--version[print the version]' '--help[explain]'
            ;;
        bench)
            _arguments '1:benchmark:(hop failover scale compare report)' '*:result:_files -g "*.json"' \
                '--block[frames a block]:list:(64 64,256)' '--mode[sync, pipelined]:list:(sync pipelined)' \
                '--placement[of the DSP thread]:list:(same other)' '--spin[before sleep]:list:(off on)' \
                '--class[of scheduling]:list:(fifo other)' '--pace[of the blocks]:list:(paced free)' \
                '--fault[that strikes]:list:(kill stop segv exit spin late nan)' \
                '--standby[how lost services are replaced]:list:(none warm hot)' \
                '--services[that share the lanes]:list:(1 2 4)' '--lanes[at most]:count:(16 64 256)' \
                '--cycles[of each number of lanes]:count:(200 2000 20000)' \
                '--strikes[of each cell]:count:(3 20 100)' '--service[which]:service:_files' \
                '--wav[the sound around each strike]:folder:_files -/' \
                '--quick[few samples]' '--samples[a cell and side]:count:(1000 10000 100000)' \
                '--no-jack[leave JACK out]' '--json[the result]:file:_files' \
                '--csv[the figures]:file:_files' '--html[the report]:file:_files' \
                '--fail-above[how much worse]:limit:(5% 10% 20%)' \
                '--version[print the version]' '--help[explain]'
            ;;
        list) _arguments '--json[as JSON]' '--help[explain]' ;;
        status) _arguments '--json[as JSON]' '--help[explain]' '1:process:_outboard_hosts' ;;
        top)
            _arguments '--interval[how often it looks]:time:(500ms 1s 2s 5s)' \
                '--count[end after so many views]:count:' '--help[explain]'
            ;;
        metrics)
            _arguments '--listen[where]:address:(127.0.0.1\:9749 \[\:\:1\]\:9749)' \
                '--help[explain]'
            ;;
        help) compadd run serve list status top metrics devices doctor bench ;;
    esac
}

_outboard "$@"
