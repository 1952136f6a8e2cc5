# SPDX-License-Identifier: MIT
"""The timeline of a run's report as SVG: rows of time, each with a lane for each insert."""

from html import escape
from typing import Iterator, NamedTuple

ROW_SECONDS = 60
LABEL_WIDTH, LANE_WIDTH, LANE_HEIGHT, AXIS_HEIGHT = 104, 1080, 48, 22
WIDTH = LABEL_WIDTH + LANE_WIDTH + 16
PRIMARY_COLOURS = 4
LETTERS = {"kill": "K", "stop": "T", "segv": "S", "exit": "E", "spin": "P", "late": "L",
           "nan": "N"}


ENDING_KINDS = ("kill", "stop", "segv", "exit", "spin")
MATCH_SECONDS = 0.1  # a strike is told by the block under way, a detection by the clock


class Reign(NamedTuple):
    """A stretch of the stream in which one process was the primary, or nobody."""
    first_s: float
    end_s: float
    process_id: int | None
    number: int


class Row(NamedTuple):
    first_s: float
    end_s: float

    def x(self, time_s: float) -> float:
        share = (time_s - self.first_s) / (self.end_s - self.first_s)
        return LABEL_WIDTH + LANE_WIDTH * min(max(share, 0), 1)

    def holds(self, time_s: float) -> bool:
        return self.first_s <= time_s < self.end_s

    def meets(self, first_s: float, end_s: float) -> bool:
        return first_s < self.end_s and end_s >= self.first_s


def of_service(entries: list[dict], service: str) -> list[dict]:
    return [entry for entry in entries if entry["service"] == service]


def clock(time_s: float) -> str:
    return f"{int(time_s // 60)}:{time_s % 60:06.3f}"


def seconds_of(report: dict) -> float:
    return max(report["frames"] / report["stream"]["rate_hz"], 0.001)


def reigns_of(report: dict, insert: dict) -> list[Reign]:
    """A failover names who was lost, and the insert who was there at the end."""
    rate_hz, end_s = report["stream"]["rate_hz"], seconds_of(report)
    reigns, first_s = [], 0.0
    for number, failover in enumerate(of_service(report["failovers"], insert["service"])):
        lost_s = failover["frame"] / rate_hz
        reigns.append(Reign(first_s, max(lost_s, first_s), failover["process_id"], number))
        wet_again = failover["wet_again_frame"]
        first_s = end_s if wet_again is None else max(wet_again / rate_hz, lost_s)
        if first_s > lost_s:
            reigns.append(Reign(lost_s, first_s, None, number))
    if first_s < end_s:
        reigns.append(Reign(first_s, end_s, insert["process_id"],
                            sum(reign.process_id is not None for reign in reigns)))
    return reigns


def mark(shape: str, classes: str, title: str, attributes: str = "") -> str:
    return (f'<g class="mark {classes}" tabindex="0" role="img"{attributes}>'
            f"<title>{escape(title)}</title>{shape}</g>")


def reign_marks(report: dict, insert: dict, row: Row, top: float) -> Iterator[str]:
    for reign in reigns_of(report, insert):
        if not row.meets(reign.first_s, reign.end_s):
            continue
        left, right = row.x(reign.first_s), row.x(reign.end_s)
        nobody = reign.process_id is None
        who = "nobody" if nobody else f"process {reign.process_id}"
        colour = "nobody" if nobody else f"primary{reign.number % PRIMARY_COLOURS}"
        yield (f'<rect class="{colour}" x="{left:.2f}" y="{top + 18:.1f}" '
               f'width="{max(right - left, 1):.2f}" height="14"><title>{who} was primary of '
               f"{escape(insert['service'])}, {clock(reign.first_s)} to "
               f"{clock(reign.end_s)}</title></rect>")


def fault_marks(report: dict, service: str, row: Row, top: float) -> Iterator[str]:
    rate_hz, free_x = report["stream"]["rate_hz"], 0.0
    for index, fault in enumerate(report["faults"]):
        has_struck = fault["struck"]
        time_s = fault["struck_frame" if has_struck else "planned_frame"] / rate_hz
        if fault["service"] != service or not row.holds(time_s):
            continue
        x = row.x(time_s)
        letter_x = max(x, free_x)  # beside the one before, not on it
        free_x = letter_x + 14
        argument = f"={fault['argument']}" if fault["argument"] is not None else ""
        title = f"{clock(time_s)} {fault['kind']}{argument} on {service}: "
        title += "struck" if has_struck else f"refused: {fault['refusal']}"
        title += ", after a wait for a service" if has_struck and fault["delayed"] else ""
        shape = (f'<path d="M{letter_x:.2f} {top + 13:.1f}L{x:.2f} {top + 18:.1f}V{top + 34:.1f}"/>'
                 f'<circle cx="{letter_x:.2f}" cy="{top + 9:.1f}" r="6.5"/>'
                 f'<text x="{letter_x:.2f}" y="{top + 12.2:.1f}">{LETTERS[fault["kind"]]}</text>')
        yield mark(shape, f"fault {'struck' if has_struck else 'refused'}", title,
                   f' data-fault="{index}"')


def strike_of(report: dict, failover: dict) -> dict | None:
    """The fault that ended a service. The report counts from the last strike at it, which may have
    been a late block or a NaN that it survived: then another thing ended it, and there is none."""
    if failover["detected_us"] is None:
        return None
    rate_hz = report["stream"]["rate_hz"]
    struck_s = failover["time_s"] - failover["detected_us"] / 1e6
    near = [(abs(fault["struck_frame"] / rate_hz - struck_s), index)
            for index, fault in enumerate(report["faults"])
            if fault["struck"] and fault["service"] == failover["service"]]
    distance_s, index = min(near, default=(MATCH_SECONDS, 0))
    if distance_s >= MATCH_SECONDS or report["faults"][index]["kind"] not in ENDING_KINDS:
        return None
    return report["faults"][index]


def failover_title(report: dict, failover: dict) -> str:
    strike = strike_of(report, failover)
    how_fast = ("struck by no fault" if strike is None else
                f"{strike['kind']} detected in {failover['detected_us']:.1f} us")
    lost = failover["frames_lost"]
    heard = "open at the end" if lost is None else f"{lost} frames lost"
    return (f"{clock(failover['time_s'])} failover of {failover['service']}: process "
            f"{failover['process_id']} lost ({failover['cause']}), {how_fast}, {heard}")


def failover_marks(report: dict, service: str, row: Row, top: float) -> Iterator[str]:
    for failover in of_service(report["failovers"], service):
        if row.holds(failover["time_s"]):
            x, y = row.x(failover["time_s"]), top + 25
            shape = f'<path d="M{x:.2f} {y - 5:.1f}l4 5l-4 5l-4 -5z"/>'
            yield mark(shape, "failover", failover_title(report, failover))


def gap_marks(report: dict, service: str, row: Row, top: float) -> Iterator[str]:
    rate_hz = report["stream"]["rate_hz"]
    for gap in of_service(report["gaps"], service):
        first_s, end_s = gap["first_frame"] / rate_hz, gap["end_frame"] / rate_hz
        if row.meets(first_s, end_s):
            left = row.x(first_s)
            title = (f"{clock(first_s)} {service} was dry for {(end_s - first_s) * 1000:.1f} ms "
                     f"({gap['end_frame'] - gap['first_frame']} frames)")
            width = max(row.x(end_s) - left, 2)
            yield mark(f'<rect x="{left:.2f}" y="{top + 34:.1f}" width="{width:.2f}" height="6"/>',
                       "gap", title)


def late_marks(report: dict, service: str, row: Row, top: float) -> Iterator[str]:
    for late in of_service(report["late_blocks"], service):
        if row.holds(late["time_s"]):
            x = row.x(late["time_s"])
            title = f"{clock(late['time_s'])} block {late['sequence']} late: {late['cause']}"
            yield mark(f'<path d="M{x:.2f} {top + 41:.1f}v5"/>', "late", title)


def lane(report: dict, insert: dict, row: Row, top: float) -> str:
    service = insert["service"]
    parts = [f'<g class="lane" data-service="{escape(service)}">',
             f'<text class="name" x="0" y="{top + 29:.1f}">{escape(service)}</text>']
    parts += reign_marks(report, insert, row, top)
    for marks in (gap_marks, late_marks, failover_marks, fault_marks):
        parts += marks(report, service, row, top)
    return "\n".join([*parts, "</g>"])


def axis(row: Row, height: float) -> str:
    length = row.end_s - row.first_s
    step = next((step for step in (0.1, 0.25, 0.5, 1, 2, 5) if length / step <= 13), 5)
    parts = []
    for index in range(int(length / step + 1e-6) + 1):
        time_s = row.first_s + index * step
        x = row.x(time_s)
        seconds = f"{time_s % 60:02.0f}" if step >= 1 else f"{time_s % 60:05.2f}"
        text = f"{int(time_s // 60)}:{seconds}"
        parts.append(f'<path class="grid" d="M{x:.2f} 0V{height - AXIS_HEIGHT + 4:.1f}"/>'
                     f'<text class="tick" x="{x:.2f}" y="{height - 4:.1f}">{text}</text>')
    return "\n".join(parts)


def row_svg(report: dict, row: Row) -> str:
    height = LANE_HEIGHT * len(report["inserts"]) + AXIS_HEIGHT
    lanes = [lane(report, insert, row, index * LANE_HEIGHT)
             for index, insert in enumerate(report["inserts"])]
    label = f"{clock(row.first_s)} to {clock(row.end_s)}"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'role="group" aria-label="{label}">', axis(row, height), *lanes, "</svg>"])


def rows_of(report: dict) -> list[Row]:
    """Whole minutes; a short run is one row as long as it is."""
    end_s = seconds_of(report)
    if end_s <= ROW_SECONDS:
        return [Row(0, end_s + 0.001)]  # the end belongs to the last row
    count = int(end_s // ROW_SECONDS) + (1 if end_s % ROW_SECONDS > 0.5 else 0)
    rows = [Row(index * ROW_SECONDS, (index + 1) * ROW_SECONDS) for index in range(count)]
    if rows[-1].end_s <= end_s:
        rows[-1] = Row(rows[-1].first_s, end_s + 0.001)
    return rows


def timeline(report: dict) -> str:
    return "\n".join(row_svg(report, row) for row in rows_of(report))
