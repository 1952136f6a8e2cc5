# SPDX-License-Identifier: MIT
"""A page of a run with random faults: figures, promises, timeline, tables. It loads nothing."""

import math
from html import escape

import chaos_lanes
from chaos_lanes import LETTERS, clock, failover_title, seconds_of, strike_of

PROMISE_WORDS = {True: "held", False: "NOT HELD", None: "not judged"}

STYLE = """
:root { --paper: #fbfaf7; --card: #fff; --ink: #1d2327; --soft: #667078; --line: #e2e0d9;
  --strike: #c2410c; --gap: #d97706; --p0: #0f766e; --p1: #5eaaa3; --p2: #3b6ea5; --p3: #8fb3d9; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181b; --card: #1c2226; --ink: #e7eaec;
  --soft: #98a3aa; --line: #2d353a; --strike: #fb923c; --gap: #fbbf24; --p0: #2dd4bf;
  --p1: #14746a; --p2: #7db4ee; --p3: #34608f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 5rem; max-width: 80rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
h1 { margin: 0 0 .2rem; font-size: clamp(1.4rem, 4vw, 2rem); line-height: 1.2; }
h2 { margin: 0 0 .8rem; font-size: 1.05rem; }
.soft { color: var(--soft); }
section, .figure { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; }
section { margin-top: 1.2rem; padding: 1.2rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .8rem;
  margin-top: 1.4rem; }
.figure { padding: .8rem 1rem; }
.figure b { display: block; font-size: 1.45rem; line-height: 1.25; }
.figure span { font-size: .82rem; color: var(--soft); }
.scroll { overflow-x: auto; }
svg { display: block; width: 100%; min-width: 50rem; margin-bottom: 1.4rem; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
svg .name { font-size: 14px; fill: var(--ink); } svg .tick { text-anchor: middle; }
.grid { stroke: var(--line); } .nobody { fill: var(--line); }
.primary0 { fill: var(--p0); } .primary1 { fill: var(--p1); }
.primary2 { fill: var(--p2); } .primary3 { fill: var(--p3); }
.mark { outline: none; } .mark:focus > * { stroke: var(--ink); stroke-width: 3; }
.fault path { stroke: var(--strike); fill: none; }
.fault circle { fill: var(--strike); stroke: var(--strike); }
.fault text { font: 700 9px system-ui, sans-serif; fill: var(--card); text-anchor: middle;
  stroke: none !important; }
.refused circle { fill: var(--card); } .refused text { fill: var(--strike); }
.refused path { stroke-dasharray: 2 2; }
.failover path { fill: var(--card); stroke: var(--ink); } .gap rect { fill: var(--gap); }
.late path { stroke: var(--soft); stroke-width: 1.5; }
#told { position: fixed; left: 0; right: 0; bottom: 0; padding: .6rem 1rem; background: var(--ink);
  color: var(--paper); } #told:empty { display: none; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); } td.number, th.number { text-align: right; }
th, td { padding: .3rem 1.4rem .3rem 0; border-top: 1px solid var(--line); vertical-align: top; }
.failed { color: var(--strike); font-weight: 700; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.5 monospace; }
"""

# A mark that has the focus is told at the foot, as the pointer tells it in a tooltip.
SCRIPT = """
const told = document.getElementById('told');
document.addEventListener('focusin', event => {
  const title = event.target.querySelector && event.target.querySelector('title');
  told.textContent = title ? title.textContent : '';
});
document.addEventListener('focusout', () => { told.textContent = ''; });
"""


def percentile(values: list[float], share: float) -> float | None:
    """By the nearest rank."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None


def detections_us(report: dict) -> list[tuple[str, float]]:
    """Kind of fault, and time from its strike until the loss was known."""
    strikes = [(strike_of(report, failover), failover) for failover in report["failovers"]]
    return [(strike["kind"], failover["detected_us"]) for strike, failover in strikes
            if strike is not None]


def percentile_texts(values: list[float]) -> tuple[str, ...]:
    found = [percentile(values, share) for share in (0.5, 0.99, 1)]
    return tuple("-" if value is None else f"{value:.1f} us" for value in found)


def table(head: tuple[str, ...], rows: list[tuple]) -> str:
    def cell(name: str, value) -> str:
        kind = ' class="number"' if isinstance(value, (int, float)) else ""
        return f"<{name}{kind}>{escape(str(value))}</{name}>"

    lines = ["<tr>" + "".join(cell("th", text) for text in head) + "</tr>"]
    lines += ["<tr>" + "".join(cell("td", value) for value in row) + "</tr>" for row in rows]
    return '<div class="scroll"><table>\n' + "\n".join(lines) + "\n</table></div>"


def total_rows(report: dict) -> list[tuple]:
    detected = [time_us for _, time_us in detections_us(report)]
    names = [f"detection of a loss, {name}" for name in ("p50", "p99", "max")]
    rows: list[tuple] = list(zip(names, percentile_texts(detected)))
    rows.append(("losses with no fault of their own", len(report["failovers"]) - len(detected)))
    rows += [(text, len(report[key])) for text, key in (
        ("failovers", "failovers"), ("standbys lost", "standby_losses"), ("gaps", "gaps"),
        ("late blocks", "late_blocks"), ("divergences", "divergences"),
        ("crash reports", "crashes"), ("poison blocks", "poison_blocks"), ("resets", "resets"))]
    rows += [("blocks concealed", report["concealed_blocks"]),
             ("frames lost, of all inserts", report["frames_lost"]),
             ("incidents that were not kept",
              sum(insert["incidents_dropped"] for insert in report["inserts"]))]
    causes = [late["cause"] for late in report["late_blocks"]]
    return rows + [(f"late blocks by {cause}", causes.count(cause))
                   for cause in sorted(set(causes))]


def kind_rows(report: dict) -> list[tuple]:
    rows, detected = [], detections_us(report)
    for kind, letter in LETTERS.items():
        faults = [fault for fault in report["faults"] if fault["kind"] == kind]
        struck = sum(fault["struck"] for fault in faults)
        times = [time_us for struck_kind, time_us in detected if struck_kind == kind]
        rows.append((letter, kind, len(faults), struck, len(faults) - struck,
                     *percentile_texts(times)))
    return rows


def insert_rows(report: dict) -> list[tuple]:
    return [(insert["service"], insert["state"], insert["generation"], insert["failovers"],
             insert["concealed_blocks"], insert["frames_lost"]) for insert in report["inserts"]]


def figures(report: dict) -> str:
    struck = sum(fault["struck"] for fault in report["faults"])
    frames = report["frames"] * len(report["inserts"])
    share = 100 * (1 - report["frames_lost"] / frames) if frames else 0
    entries = ((f"{struck} of {len(report['faults'])}", "faults struck"),
               (len(report["failovers"]), "failovers"),
               (report["frames_lost"], "frames lost, of all inserts"),
               (f"{share:.4f} %", "of the inserts' frames were wet"))
    return "\n".join(f'<div class="figure"><b>{value}</b><span>{text}</span></div>'
                     for value, text in entries)


def promise_rows(held: list[tuple[str, bool | None]]) -> str:
    classes = {True: "", False: ' class="failed"', None: ' class="soft"'}
    return "\n".join(f"<tr><td{classes[is_true]}>{PROMISE_WORDS[is_true]}</td>"
                     f"<td>{escape(text)}</td></tr>" for text, is_true in held)


def page(report: dict, held: list[tuple[str, bool | None]], again: str,
         untold_gap_count: int) -> str:
    key = ", ".join(f"{letter} {kind}" for kind, letter in LETTERS.items())
    failovers = "\n".join(f"<li>{escape(failover_title(report, failover))}</li>"
                          for failover in report["failovers"])
    untold = ("gaps that only a fault at another insert explains", untold_gap_count)
    subtitle = (f"{clock(seconds_of(report))} in real time, {report['started_at']}, ended: "
                f"{report['stream']['end']}. {report['machine']['cpu_model']}, "
                f"{report['machine']['cpus']} CPUs")
    return f"""<!DOCTYPE html>
<!-- SPDX-License-Identifier: MIT -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Random faults - Outboard</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Random faults on {len(report["inserts"])} services</h1>
<p class="soft">{escape(subtitle)}</p>
<div class="figures">
{figures(report)}
</div>
<section>
<h2>Who was primary, what struck, what was heard</h2>
<p class="soft">A bar is the primary process of an insert; another colour is another process, grey
is nobody. The process of a stretch is the one that a failover at its end says was lost, or that was
there at the end; a hand-over without a loss is not told. A circle is a fault ({key}), hollow
when it was refused. A diamond is a failover. Below the bar: what was dry, at least two pixels wide,
and below that each late block. Point at a mark, or go to it with Tab.</p>
<div class="scroll">
{chaos_lanes.timeline(report)}
</div>
</section>
<section>
<h2>Promises that this report can show</h2>
<div class="scroll"><table>
{promise_rows(held)}
</table></div>
<p class="soft">Whether each frame was in its place, and equal to that of a run without faults, is
not told by a report.</p>
</section>
<section>
<h2>Totals</h2>
{table(("", ""), [*total_rows(report), untold])}
</section>
<section>
<h2>Faults by kind</h2>
{table(("", "kind", "planned", "struck", "refused", "detected p50", "p99", "max"),
       kind_rows(report))}
</section>
<section>
<h2>Inserts</h2>
{table(("service", "state at the end", "services in all", "losses, standbys too",
        "blocks concealed", "frames lost"), insert_rows(report))}
</section>
<section>
<details><summary>All failovers</summary><ol>
{failovers}
</ol></details>
</section>
<section>
<h2>The same faults again</h2>
<pre>{escape(again)}</pre>
</section>
<div id="told" aria-live="polite"></div>
<script>{SCRIPT}</script>
</body>
</html>
"""
