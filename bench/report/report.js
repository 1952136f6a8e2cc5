// SPDX-License-Identifier: MIT
// Draws the result that stands in the page. Texts go in as text: whatever is in the result, it is
// no HTML.
'use strict';

const result = JSON.parse(document.getElementById('result').textContent);
const byId = id => document.getElementById(id);
const DISTINCT_COLOURS = 8;
const STEPS_A_DECADE = 20;
const PLOT_HEIGHT = 300;

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}

function fillTable(table, head, rows) {
  const add = (cells, kind) => {
    const row = element('tr');
    for (const cell of cells) row.append(element(kind, cell));
    table.append(row);
  };
  if (head) add(head, 'th');
  for (const row of rows) add(row, 'td');
}

// Times are kept in ns and shown in us; other units are shown as they are.
const isTime = unit => unit === 'ns';
const scaled = (value, unit) => isTime(unit) ? value / 1000 : value;
const shownUnit = unit => isTime(unit) ? 'us' : unit;
const short = value => value == null ? '-' : Number(value.toPrecision(4)).toString();
const lastPart = name => name.slice(name.lastIndexOf('/') + 1);

function describe() {
  document.title = `outboard bench ${result.benchmark}`;
  byId('title').textContent = document.title;
  byId('subtitle').textContent = `${result.machine.cpu_model}, ${result.machine.kernel}; ` +
    `${result.started_at}; Outboard ${result.outboard_version}` +
    (result.complete ? '' : '; incomplete');
  for (const label of result.labels) byId('labels').append(element('li', label));
  byId('errors').textContent = result.errors.join('; ');
  byId('command').textContent = result.command;
  fillTable(byId('machine'), null, Object.entries(result.machine).map(
    ([key, value]) => [key.replaceAll('_', ' '), String(value)]));
}

function tabulate() {
  const quantiles = ['p50', 'p90', 'p99', 'p99_9', 'max'];
  byId('unit').textContent = 'Times in us. A p99.9 needs 100,000 samples. Steal is what the ' +
    'hypervisor took from all CPUs during the cell; idle is the share of its time in a call that ' +
    'the caller slept, at the least.';
  fillTable(byId('figures'),
    ['measurement', 'samples', 'p50', 'p90', 'p99', 'p99.9', 'max', 'CPUs', 'steal, ms', 'idle', 'left out'],
    result.measurements.map(entry => [
      entry.name + (isTime(entry.unit) ? '' : ` (${entry.unit})`), entry.samples,
      ...quantiles.map(key => short(key in entry ? scaled(entry[key], entry.unit) : null)),
      entry.cpu_distance.after_ns ? `${entry.cpu_distance.name} (${entry.cpu_distance.before_ns}/${entry.cpu_distance.after_ns} ns)` : '-',
      entry.steal_ms.toFixed(0),
      'waiter_idle_share' in entry ? `${(100 * entry.waiter_idle_share).toFixed(0)}%` : '-',
      entry.warm_up_left_out]));
  byId('ratio_section').hidden = result.ratios.length === 0;
  fillTable(byId('ratios'), ['measurement', '', 'pairs', 'median', 'quartiles', 'A/A'],
    result.ratios.map(ratio => [ratio.name, ratio.quantile, ratio.pairs, ratio.median.toFixed(2),
      ratio.quartiles.map(value => value.toFixed(2)).join(' - '), ratio.same.toFixed(2)]));
}

// ---- what the plots are made of -----------------------------------------------------------------

const stepOf = value => Math.floor(Math.log10(Math.max(value, 1)) * STEPS_A_DECADE);
const stepStart = step => Math.pow(10, step / STEPS_A_DECADE);

// Share of the values, in %, by step; the measurement's own buckets are finer.
function sharesOf(entry) {
  const shares = new Map();
  for (const [lower, upper, count] of entry.histogram) {
    const step = stepOf((lower + upper - 1) / 2);
    shares.set(step, (shares.get(step) || 0) + 100 * count / entry.samples);
  }
  return shares;
}

function histogramData(entries) {
  const all = entries.map(sharesOf);
  const steps = all.flatMap(shares => [...shares.keys()]);
  const first = Math.min(...steps) - 1, last = Math.max(...steps) + 1;
  const x = [], lines = entries.map(() => []);
  for (let step = first; step <= last; ++step) {
    x.push(scaled(stepStart(step), entries[0].unit));
    all.forEach((shares, index) => lines[index].push(shares.get(step) ?? null));
  }
  return [x, ...lines];
}

// x counts nines: 1 is 90 %, 2 is 99 %.
const CURVE_STEP = 0.02;
const BEYOND_MIN = 100;
function percentileData(entries) {
  const ends = entries.map(entry => Math.max(2, Math.log10(entry.samples / BEYOND_MIN)));
  const x = [], lines = entries.map(() => []);
  for (let nines = 0; nines <= Math.max(...ends) + 1e-9; nines += CURVE_STEP) x.push(nines);
  entries.forEach((entry, index) => {
    let reached = 0, bucket = -1;
    for (const nines of x) {
      const rank = Math.max(1, Math.ceil((1 - Math.pow(10, -nines)) * entry.samples - 1e-6));
      while (bucket + 1 < entry.histogram.length && reached < rank)
        reached += entry.histogram[++bucket][2];
      const [lower, upper] = entry.histogram[bucket];
      const value = Math.min(Math.max((lower + upper - 1) / 2, entry.min), entry.max);
      lines[index].push(nines > ends[index] + 1e-9 ? null : scaled(Math.max(value, 1), entry.unit));
    }
  });
  return [x, ...lines];
}

function seriesData(entry) {
  const value = new Map();  // time -> [median, longest, worst]
  const at = time => value.get(time) || value.set(time, [null, null, null]).get(time);
  for (const [time, p50, max] of entry.series) {
    at(time)[0] = scaled(Math.max(p50, 1), entry.unit);
    at(time)[1] = scaled(Math.max(max, 1), entry.unit);
  }
  for (const [time, worst] of entry.worst) at(time)[2] = scaled(Math.max(worst, 1), entry.unit);
  const times = [...value.keys()].sort((a, b) => a - b);
  return [times, ...[0, 1, 2].map(index => times.map(time => value.get(time)[index]))];
}

// ---- the plots ----------------------------------------------------------------------------------

let plots = [];
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const lineColour = index => colour(`--c${index % DISTINCT_COLOURS}`);

function axis(label, extra) {
  return {label, stroke: colour('--text'), grid: {stroke: colour('--line'), width: 1},
          ticks: {stroke: colour('--line'), width: 1}, ...extra};
}

function draw(id, options, data) {
  const place = byId(id);
  place.replaceChildren();
  plots.push(new uPlot({width: place.clientWidth, height: PLOT_HEIGHT,
    cursor: {points: {size: 7}, drag: {x: true, y: false}}, ...options}, data, place));
}

const isWhole = entry => ['round-trip', 'bare'].includes(lastPart(entry.name));
const withStages = entries => entries.some(isWhole);

function lines(entries, extra) {
  return entries.map((entry, index) => ({
    label: entry.cell === 'jack' ? 'jack' : lastPart(entry.name), stroke: lineColour(index),
    width: 2, show: !withStages(entries) || isWhole(entry), spanGaps: false,
    value: (_, value) => value == null ? '--' : short(value), ...extra}));
}

const percentLabel = nines => `${Number((100 * (1 - Math.pow(10, -nines))).toFixed(4))}%`;

function drawHistogram(entries) {
  const unit = shownUnit(entries[0].unit);
  draw('histogram', {
    scales: {x: {time: false, distr: 3}, y: {distr: 3}},
    axes: [axis(unit), axis('% of the samples', {size: 60})],
    series: [{label: unit, value: (_, value) => value == null ? '--' : short(value)},
             ...lines(entries, {paths: uPlot.paths.stepped({align: 1}), points: {show: true, size: 4},
                                value: (_, value) => value == null ? '--' : `${short(value)} %`})],
  }, histogramData(entries));
}

function drawPercentiles(entries) {
  const unit = shownUnit(entries[0].unit);
  draw('percentiles', {
    scales: {x: {time: false}, y: {distr: 3}},
    axes: [axis('share of the samples', {
             splits: plot => Array.from({length: Math.ceil(plot.scales.x.max) + 1}, (_, nines) => nines)
               .concat(Math.log10(2)).filter(nines => nines <= plot.scales.x.max).sort((a, b) => a - b),
             values: (_, splits) => splits.map(percentLabel)}), axis(unit, {size: 60})],
    series: [{label: 'share', value: (_, value) => value == null ? '--' : percentLabel(value)},
             ...lines(entries)],
  }, percentileData(entries));
}

function drawSeries(entry) {
  const unit = shownUnit(entry.unit);
  const value = (_, found) => found == null ? '--' : short(found);
  draw('series', {
    scales: {x: {time: false}, y: {distr: 3}},
    axes: [axis('s'), axis(unit, {size: 60})],
    series: [{label: 's', value},
      {label: 'median', stroke: lineColour(0), width: 2, spanGaps: true, value},
      {label: 'longest', stroke: lineColour(4), width: 1, spanGaps: true, value},
      {label: 'worst of all', stroke: lineColour(1), paths: () => null, value,
       points: {show: true, size: 8, fill: lineColour(1)}}],
  }, seriesData(entry));
}

// Two axes: microseconds to the left, frames to the right. What never was has no point.
function drawTimeline(strikes) {
  const value = (_, found) => found == null ? '--' : short(found);
  const points = index => ({stroke: lineColour(index), paths: () => null, value,
                            points: {show: true, size: 8, fill: lineColour(index)}});
  draw('timeline', {
    scales: {x: {time: false}, us: {distr: 3}, frames: {range: (_, low, high) => [0, Math.max(1, 1.1 * high)]}},
    axes: [axis('s'), axis('us', {scale: 'us', size: 60}),
           axis('frames', {scale: 'frames', side: 1, size: 60, grid: {show: false}})],
    series: [{label: 's', value}, {label: 'until it was known, us', scale: 'us', ...points(0)},
             {label: 'frames lost', scale: 'frames', ...points(1)}],
  }, [strikes.map(strike => strike.at_s),
      strikes.map(strike => 'detected_ns' in strike ? Math.max(1, strike.detected_ns) / 1000 : null),
      strikes.map(strike => strike.frames_lost)]);
}

// All numbers of lanes that were tried in the cell's kind: its name without the last part.
function showCurve(cell) {
  const kind = cell.slice(0, cell.lastIndexOf('/') + 1);
  const limit = (result.limits || []).find(found => found.cell + '/' === kind);
  const steps = result.measurements.filter(entry => limit && entry.cell.startsWith(kind));
  byId('curve_section').hidden = steps.length === 0;
  if (!steps.length) return;
  byId('limit').textContent = `${limit.lanes_held} lanes were held, at ` +
    `${(100 * limit.load_held).toFixed(0)} % of the period` +
    ('lanes_missed' in limit ? `; ${limit.lanes_missed} missed a deadline` : '');
  const counts = [...new Set(steps.map(entry => entry.parameters.lanes))].sort((a, b) => a - b);
  const of = (name, key) => counts.map(count => {
    const found = steps.find(entry => entry.parameters.lanes === count && lastPart(entry.name) === name);
    return found ? Math.max(1, found[key]) / 1000 : null;
  });
  const value = (_, found) => found == null ? '--' : short(found);
  const line = (label, index) => ({label, stroke: lineColour(index), width: 2, spanGaps: true, value,
                                   points: {show: true, size: 6}});
  draw('curve', {
    scales: {x: {time: false, distr: 3, log: 2}, y: {distr: 3}},
    axes: [axis('lanes'), axis('us', {size: 60})],
    series: [{label: 'lanes', value}, line('cycle, p50', 0), line('cycle, p99', 1),
             line('CPU a lane, p50', 2)],
  }, [counts, of('cycle', 'p50'), of('cycle', 'p99'), of('CPU a lane', 'p50')]);
}

function showStrikes(strikes) {
  byId('strike_section').hidden = strikes.length === 0;
  byId('strikes').replaceChildren();
  if (!strikes.length) return;
  fillTable(byId('strikes'), ['at, s', 'known after, us', 'frames lost', 'click, dBFS', 'sound'],
    strikes.map(strike => [strike.at_s.toFixed(3),
      short('detected_ns' in strike ? strike.detected_ns / 1000 : null), strike.frames_lost,
      strike.click_dbfs.toFixed(1), strike.clip || '-']));
  drawTimeline(strikes);
}

function show(cell) {
  plots.forEach(plot => plot.destroy());
  plots = [];
  const own = result.measurements.filter(entry => entry.cell === cell);
  const beside = result.measurements.filter(entry => entry.cell === 'jack' && cell !== 'jack' &&
    entry.unit === own[0].unit && entry.parameters.block === own[0].parameters.block &&
    own[0].parameters.pace === 'paced');
  // One axis for all: what is in another unit is in the table.
  const entries = [...own.filter(entry => entry.unit === own[0].unit), ...beside];
  const first = entries[0];
  byId('circumstances').textContent = Object.entries(first.parameters).map(
    ([key, value]) => `${key} ${value}`).join(', ') + `; ${first.samples} samples, the first ` +
    `${first.warm_up_left_out} left out` +
    (first.cpu_distance.after_ns ? `; CPUs ${first.cpu_distance.name}` : '') +
    `; steal ${first.steal_ms.toFixed(0)} ms`;
  drawHistogram(entries);
  drawPercentiles(entries);
  drawSeries(first);
  showCurve(cell);
  showStrikes((result.strikes || []).filter(strike => strike.cell === cell));
}

function start() {
  describe();
  tabulate();
  const select = byId('cell');
  for (const cell of new Set(result.measurements.map(entry => entry.cell)))
    select.append(element('option', cell));
  if (!select.options.length) return;
  const redraw = () => show(select.value);
  select.addEventListener('change', redraw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth !== width) { width = innerWidth; redraw(); }
  });
  redraw();
}
start();
