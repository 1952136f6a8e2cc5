#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A JACK client that looks like a card.

    jack_mixer.py CHANNELS FILE [noise]

Until SIGTERM it keeps what is played to its first channel, and then writes that as 32-bit float.
With `noise` it can be captured from too, and at the end it prints by how many frames that came
back late; it tells JACK that it is a period long, which is what a ring of clients costs.
"""

import array
import collections
import ctypes
import random
import signal
import sys
import time

RATE = 48000
NOISE_SECONDS = 12
WINDOW_BYTES = 4 * 128
AUDIO = b"32 bit float mono audio"
NO_START_SERVER, IS_INPUT, IS_OUTPUT, IS_PHYSICAL, IS_TERMINAL = 1, 1, 2, 4, 16
CAPTURE_LATENCY = 0

jack = ctypes.CDLL("libjack.so.0")
pointer = ctypes.c_void_p
jack.jack_client_open.restype = pointer
jack.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, pointer]
jack.jack_port_register.restype = pointer
jack.jack_port_register.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong,
                                    ctypes.c_ulong]
jack.jack_port_get_buffer.restype = pointer
jack.jack_port_get_buffer.argtypes = [pointer, ctypes.c_uint32]
jack.jack_set_process_callback.argtypes = [pointer, pointer, pointer]
jack.jack_set_latency_callback.argtypes = [pointer, pointer, pointer]
jack.jack_get_buffer_size.argtypes = [pointer]
jack.jack_activate.argtypes = [pointer]
jack.jack_client_close.argtypes = [pointer]


class LatencyRange(ctypes.Structure):
    _fields_ = [("min", ctypes.c_uint32), ("max", ctypes.c_uint32)]


jack.jack_port_set_latency_range.argtypes = [pointer, ctypes.c_int, ctypes.POINTER(LatencyRange)]


class Mixer:
    def __init__(self, channels: int, plays_noise: bool) -> None:
        self.client = jack.jack_client_open(b"mixer", NO_START_SERVER, None)
        if not self.client:
            sys.exit("mixer: no JACK server")
        self.inputs = self.ports(b"playback", channels, IS_INPUT)
        self.outputs = self.ports(b"capture", channels, IS_OUTPUT) if plays_noise else []
        source = random.Random(1)
        samples = (source.uniform(-0.25, 0.25) for _ in range(NOISE_SECONDS * RATE))
        self.noise = array.array("f", samples if plays_noise else []).tobytes()
        self.period = jack.jack_get_buffer_size(self.client)
        self.heard = bytearray()
        # JACK keeps them, so we have to.
        self.process = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, pointer)(self.run)
        self.latency = ctypes.CFUNCTYPE(None, ctypes.c_int, pointer)(self.tell_latency)
        jack.jack_set_process_callback(self.client, self.process, None)
        jack.jack_set_latency_callback(self.client, self.latency, None)
        jack.jack_activate(self.client)

    def ports(self, name: bytes, count: int, direction: int) -> list[int]:
        flags = direction | IS_PHYSICAL | IS_TERMINAL
        return [jack.jack_port_register(self.client, b"%s_%d" % (name, index + 1), AUDIO, flags, 0)
                for index in range(count)]

    def run(self, frames: int, _argument) -> int:
        start = len(self.heard)
        self.heard += ctypes.string_at(jack.jack_port_get_buffer(self.inputs[0], frames),
                                       4 * frames)
        for port in self.outputs:
            piece = self.noise[start : start + 4 * frames]
            ctypes.memmove(jack.jack_port_get_buffer(port, frames), piece, len(piece))
        return 0

    def tell_latency(self, mode: int, _argument) -> None:
        frames = self.period if mode == CAPTURE_LATENCY else 0
        told = LatencyRange(frames, frames)
        for port in self.outputs if mode == CAPTURE_LATENCY else self.inputs:
            jack.jack_port_set_latency_range(port, mode, ctypes.byref(told))

    def close(self) -> None:
        jack.jack_client_close(self.client)

    def lag_frames(self) -> int:
        """What most windows say; -1 if none does."""
        heard, votes = bytes(self.heard), collections.Counter()
        for start in range(0, len(heard) - WINDOW_BYTES, 4 * 3001):
            window = heard[start : start + WINDOW_BYTES]
            place = self.noise.find(window) if any(window) else -1
            if place >= 0:
                votes[(start - place) // 4] += 1
        return votes.most_common(1)[0][0] if votes else -1


def main(channels: str, path: str, *more: str) -> None:
    is_asked_to_end = []
    signal.signal(signal.SIGTERM, lambda *_: is_asked_to_end.append(True))
    mixer = Mixer(int(channels), "noise" in more)
    print("ready", flush=True)
    while not is_asked_to_end:
        time.sleep(0.01)
    mixer.close()
    with open(path, "wb") as file:
        file.write(mixer.heard)
    if "noise" in more:
        print(mixer.lag_frames())


if __name__ == "__main__":
    main(*sys.argv[1:])
