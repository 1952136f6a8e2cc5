#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the document of outboard-bench-lanes.

    lanes_picture.py lanes.json > lanes.svg

Two panels over the number of lanes, both axes logarithmic: the time of a cycle (p50), and the CPU
time of a cycle, of host and services.
"""

import json
import math
import sys

PANEL_WIDTH, PANEL_HEIGHT, GAP = 330, 270, 90
LEFT, TOP, BOTTOM = 64, 40, 104
LANES = [1, 4, 16, 64, 256]
COLOURS = {1: "#0b6e99", 2: "#3a8f4d", 4: "#b07a10", 8: "#8a4fa3", "JACK2": "#c0392b"}
DASHES = {"same": "", "other-latency0": "6 4", "JACK2": "2 3"}
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #222 }
.soft { fill: #666 } .title { font-weight: 600 } .grid { stroke: #ddd; stroke-width: 1 }
.line { fill: none; stroke-width: 1.8 } .ground { fill: #fff }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .soft { fill: #999 } .grid { stroke: #333 } .ground { fill: #161616 }
}
"""


class Panel:
    def __init__(self, index, title, values):
        self.left = LEFT + index * (PANEL_WIDTH + GAP)
        self.title = title
        self.decades = (math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))))

    def x(self, lanes):
        return self.left + PANEL_WIDTH * math.log(lanes) / math.log(LANES[-1])

    def y(self, value):
        low, high = self.decades
        return TOP + PANEL_HEIGHT * (high - math.log10(value)) / (high - low)

    def frame(self):
        yield text(self.left, TOP - 14, self.title, "title")
        for decade in range(self.decades[0], self.decades[1] + 1):
            y = self.y(10**decade)
            yield line(self.left, y, self.left + PANEL_WIDTH, y)
            yield text(self.left - 8, y + 4, f"{10**decade:g}", "soft", "end")
        for lanes in LANES:
            x = self.x(lanes)
            yield line(x, TOP, x, TOP + PANEL_HEIGHT)
            yield text(x, TOP + PANEL_HEIGHT + 18, str(lanes), "soft", "middle")
        yield text(self.left + PANEL_WIDTH / 2, TOP + PANEL_HEIGHT + 38, "lanes", "soft", "middle")

    def curve(self, name, points, services, placement):
        path = " ".join(f"{'L' if index else 'M'}{self.x(lanes):.1f} {self.y(value):.1f}"
                        for index, (lanes, value) in enumerate(points))
        label = ", ".join(f"{lanes}: {value:.1f} us" for lanes, value in points)
        colour = COLOURS[services]
        yield (f'<path class="line" d="{path}" stroke="{colour}" '
               f'stroke-dasharray="{DASHES[placement]}"><title>{name}. {label}</title></path>')
        for lanes, value in points:
            yield (f'<circle cx="{self.x(lanes):.1f}" cy="{self.y(value):.1f}" r="3" '
                   f'fill="{colour}"><title>{name}, {lanes} lanes: {value:.1f} us</title></circle>')


def text(x, y, content, style="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{content}</text>'


def line(x1, y1, x2, y2):
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def curves(results):
    """Yields name, services, placement, and the two lists of points in us."""
    for key in sorted({(result["placement"], result["services"]) for result in results},
                      key=lambda key: (key[0] != "same", key[1])):
        of_key = [result for result in results if (result["placement"], result["services"]) == key]
        times = [(result["lanes"], result["many"]["p50_ns"] / 1000) for result in of_key]
        cpu = [(result["lanes"],
                (result["many"]["host_cpu_ns"] + result["many"]["service_cpu_ns"]) / 1000)
               for result in of_key]
        place = "host's CPU" if key[0] == "same" else "other CPU"
        yield f"{key[1]} service{'s' * (key[1] > 1)}, {place}", key[1], key[0], times, cpu
    jack = [result for result in results if "jack" in result]
    if jack:
        yield ("JACK2, a client a lane", "JACK2", "JACK2",
               [(result["lanes"], result["jack"]["p50_ns"] / 1000) for result in jack],
               [(result["lanes"], result["jack"]["cpu_ns"] / 1000) for result in jack])


def picture(results):
    drawn = list(curves(results))
    panels = [
        Panel(0, "time of a cycle, p50, us", [v for *_, times, _ in drawn for _, v in times]),
        Panel(1, "CPU time of a cycle, us", [v for *_, cpu in drawn for _, v in cpu])]
    width = LEFT + 2 * PANEL_WIDTH + GAP + 24
    height = TOP + PANEL_HEIGHT + BOTTOM
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" role="img">')
    yield "<title>Cycle and CPU time against the number of lanes</title>"
    yield f"<style>{STYLE}</style>"
    yield f'<rect class="ground" width="{width}" height="{height}"/>'
    for panel in panels:
        yield from panel.frame()
    for index, (name, services, placement, times, cpu) in enumerate(drawn):
        yield from panels[0].curve(name, times, services, placement)
        yield from panels[1].curve(name, cpu, services, placement)
        column, row = index % 4, index // 4
        x, y = LEFT + column * 178, TOP + PANEL_HEIGHT + 58 + row * 15
        yield (f'<path class="line" d="M{x} {y - 4} h22" stroke="{COLOURS[services]}" '
               f'stroke-dasharray="{DASHES[placement]}"/>')
        yield text(x + 28, y, name)
    yield "</svg>"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        print("\n".join(picture(json.load(file)["results"])))


if __name__ == "__main__":
    main()
