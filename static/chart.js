// The chart: three lanes over one time axis. It redraws when the plan named in the summary changes.
const figure = document.getElementById("chart"), readout = document.getElementById("chart-text");
const summary = document.getElementById("chart-summary").parentElement;
const zone = figure.dataset.zone;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const format = (parts) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...parts });
const clock = format({ hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const hour = format({ hour: "2-digit", minute: "2-digit" });
const day = format({ weekday: "short", day: "numeric", month: "short" });
const phone = () => window.innerWidth <= 640;
const height = () => (phone() ? 400 : 480);
const steps = uPlot.paths.stepped({ align: 1 });
const bars = uPlot.paths.bars({ align: 1, size: [1, Infinity], gap: 0 });
const hours = (slot) => (Date.parse(slot.slot_end) - Date.parse(slot.slot_start)) / 3.6e6;
const seconds = (text) => Date.parse(text) / 1000;
const nowSeconds = () => Date.now() / 1000;
const some = (kw, sign = 1) => (kw > 0.005 ? sign * kw : null);
const shows = (key) => !hidden.has(key);

// Power in kW; what leaves the battery or the home points down. Drawn in this order.
const SERIES = [
  { key: "price", label: "Price", color: "--price", lane: "money", at: (s) => s.import_price_per_kwh, width: 2 },
  { key: "sale", label: "Sale price", color: "--price", lane: "money", at: (s) => s.export_price_per_kwh, width: 1.5, dash: [3, 3], off: true },
  { key: "pv", label: "Sun", color: "--pv", lane: "kW", at: (s) => s.planned_pv_kwh / hours(s), width: 1.5, area: 0.16 },
  // Stacked on the charging below it: both draw power at the same time.
  { key: "water", label: "Water", color: "--water", lane: "kW", at: (s) => some(s.water_kw) && s.water_kw + (shows("charge") ? s.charge_kw : 0), bar: true },
  { key: "charge", label: "Charge", color: "--charge", lane: "kW", at: (s) => some(s.charge_kw), bar: true },
  { key: "discharge", label: "Discharge", color: "--discharge", lane: "kW", at: (s) => some(s.discharge_kw, -1), bar: true },
  // In front: where the battery sells, its own bar is the same energy.
  { key: "export", label: "Export", color: "--export", lane: "kW", at: (s) => some(s.export_kw, -1), bar: true },
  { key: "load", label: "Load", color: "--load", lane: "kW", at: (s) => s.planned_load_kwh / hours(s), width: 1.5 },
  { key: "soc", label: "Battery", color: "--soc", lane: "%", at: (s) => s.soc_projected, width: 2, atEnd: true },
  { key: "target", label: "Target", color: "--soc-target", lane: "%", at: (s) => s.soc_target, width: 1.5, dash: [6, 4] },
];
const RANGES = [24, 36, 48];
const stored = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
const hidden = new Set(stored("hidden-series") ?? SERIES.filter((s) => s.off).map((s) => s.key));
let range = stored("chart-hours") ?? (phone() ? 24 : 48);
let plan = null, chart = null, drawnRun = "", columns = [], lanes = {}, cursorAt = null;

/** One point a slot, and one where a row of slots ends, so that steps and bars cover their slot. */
function points() {
  const rows = [];
  plan.schedule.forEach((slot, index) => {
    const before = plan.schedule[index - 1];
    const joined = before && before.slot_end === slot.slot_start;
    if (before && !joined) rows.push({ x: seconds(before.slot_end), ended: before });
    rows.push({ x: seconds(slot.slot_start), slot, before: joined ? before : null });
  });
  const last = plan.schedule.at(-1);
  rows.push({ x: seconds(last.slot_end), ended: last });
  return rows;
}

function fill() {
  const rows = points();
  const value = (series) => ({ slot, before, ended }) => {
    if (series.atEnd) return ended || before ? series.at(ended ?? before) : null;
    if (ended) return series.bar ? null : series.at(ended);
    return series.at(slot);
  };
  columns = [rows.map((row) => row.x), ...SERIES.map((series) => rows.map(value(series)))];
  lanes = layout();
}

/** Rounded ticks within the data and zero, about four, and limits with some air around them. */
function ticks(values) {
  const low = Math.min(0, ...values), high = Math.max(0, ...values), reach = Math.max(high - low, 0.1);
  const power = 10 ** Math.floor(Math.log10(reach / 4));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= reach / 4.5);
  const first = Math.ceil(low / step - 1e-9), last = Math.max(first + 1, Math.floor(high / step + 1e-9));
  const marks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(6)));
  return { marks, limits: [low < 0 ? low - reach * 0.04 : 0, Math.max(high + reach * 0.04, marks.at(-1))] };
}

/** Give every lane its part of the height: the scale reaches beyond its ticks into the other lanes. */
function layout() {
  const plot = height() - 52, title = 24 / plot, usable = 1 - 3 * title;
  const result = {};
  let bottom = 0;
  for (const [key, share, label] of [["%", 0.24, "Battery, %"], ["kW", 0.42, "Power, kW"], ["money", 0.34, `Price, ${plan.meta.currency} per kWh`]]) {
    const values = SERIES.flatMap((s, i) => (s.lane === key && shows(s.key) ? columns[i + 1].filter((v) => v !== null) : []));
    const { marks, limits: [low, high] } = key === "%" ? { marks: [0, 50, 100], limits: [0, 100] } : ticks(values);
    const top = bottom + share * usable, span = (high - low) / (top - bottom);
    const min = low - bottom * span;
    result[key] = { marks, label, top, range: [min, min + span] };
    bottom = top + title;
  }
  return result;
}

function span() {
  const first = seconds(plan.schedule[0].slot_start), last = seconds(plan.schedule.at(-1).slot_end);
  const from = Math.max(first, Math.min(nowSeconds() - 3 * 3600, last - range * 3600));
  // With little left to show, the empty hours say that nothing is known of them.
  return [from, Math.max(from + 6 * 3600, Math.min(last, from + range * 3600))];
}

function withAlpha(color, alpha) {
  return color + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

function paint(u, draw) {
  const { left, top, width, height: tall } = u.bbox;
  u.ctx.save();
  u.ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  draw(u.ctx, { left, top, right: left + width, bottom: top + tall, px: devicePixelRatio, x: (at) => u.valToPos(at, "x", true) });
  u.ctx.restore();
}

function drawBehind(u) {
  paint(u, (ctx, box) => {
    const end = box.x(seconds(plan.schedule.at(-1).slot_end));
    if (box.right - end > 150 * box.px) {
      ctx.fillStyle = withAlpha(css("--line"), 0.35);
      ctx.fillRect(end, box.top, box.right - end, box.bottom - box.top);
      ctx.fillStyle = css("--muted");
      ctx.textAlign = "center";
      ctx.fillText("prices not known yet", (end + box.right) / 2, (box.top + box.bottom) / 2);
    }
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    for (const { label, top } of Object.values(lanes)) {
      const y = box.bottom - top * (box.bottom - box.top) - 5 * box.px, wide = ctx.measureText(label).width + 8 * box.px;
      // The grid would run through the letters.
      ctx.fillStyle = css("--card");
      ctx.fillRect(box.right - wide, y - 14 * box.px, wide, 14 * box.px);
      ctx.fillStyle = css("--muted");
      ctx.fillText(label, box.right, y);
    }
    ctx.strokeStyle = withAlpha(css("--muted"), 0.7);
    ctx.lineWidth = box.px;
    for (const [key, { marks }] of Object.entries(lanes)) {
      if (key === "%" || !marks.includes(0)) continue;
      const zero = u.valToPos(0, key, true);
      ctx.beginPath(); ctx.moveTo(box.left, zero); ctx.lineTo(box.right, zero); ctx.stroke();
    }
  });
}

function drawInFront(u) {
  paint(u, (ctx, box) => {
    const now = box.x(nowSeconds());
    if (now > box.left) {
      ctx.fillStyle = withAlpha(css("--card"), 0.5);
      ctx.fillRect(box.left, box.top, Math.min(now, box.right) - box.left, box.bottom - box.top);
    }
    if (now < box.left || now > box.right) return;
    ctx.strokeStyle = ctx.fillStyle = css("--accent");
    ctx.lineWidth = 2 * box.px;
    ctx.setLineDash([]);
    ctx.beginPath(); ctx.moveTo(now, box.top); ctx.lineTo(now, box.bottom); ctx.stroke();
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.fillText("now", now + 5 * box.px, box.top + 2 * box.px);
  });
}

/** Name the day under its midnight and under the first tick, where the name has room. */
function timeLabels(u, marks) {
  const room = 80, at = (mark) => u.valToPos(mark, "x"), texts = marks.map((mark) => hour.format(mark * 1000));
  const midnight = marks.find((_, index) => index > 0 && texts[index] === "00:00");
  return marks.map((mark, index) => {
    const fits = index === 0 ? midnight === undefined || at(midnight) - at(mark) > room : texts[index] === "00:00" && u.bbox.width / devicePixelRatio - at(mark) > room / 4;
    return fits ? `${texts[index]}\n${day.format(mark * 1000)}` : texts[index];
  });
}

function axis(scale, size) {
  const number = (value) => String(value).replace("-", "\u2212");
  return { scale, side: 3, size, gap: 6, stroke: () => css("--muted"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { show: false }, splits: () => lanes[scale].marks, values: (_u, marks) => marks.map(number) };
}

function build() {
  chart?.destroy();
  figure.replaceChildren();
  const options = {
    width: figure.clientWidth, height: height(), padding: [0, 28, 0, 0], legend: { show: false },
    tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), zone),
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { range: () => span() }, ...Object.fromEntries(["%", "kW", "money"].map((key) => [key, { range: () => lanes[key].range }])) },
    axes: [
      { size: 52, gap: 8, space: phone() ? 56 : 70, stroke: () => css("--muted"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { show: false },
        incrs: [0.25, 0.5, 1, 2, 3, 6, 12, 24].map((h) => h * 3600), values: timeLabels },
      // One column of numbers: the lanes lie above each other, so only the last axis takes room.
      axis("money", 0), axis("%", 0), axis("kW", 44),
    ],
    series: [{}, ...SERIES.map((s) => ({
      label: s.label, scale: s.lane, show: shows(s.key), paths: s.bar ? bars : s.atEnd ? undefined : steps, width: s.width ?? 0, dash: s.dash,
      stroke: () => css(s.color), fill: s.bar || s.area ? () => withAlpha(css(s.color), s.area ?? 0.85) : undefined, fillTo: () => 0, points: { show: false },
    }))],
    hooks: { drawAxes: [drawBehind], draw: [drawInFront], setCursor: [follow] },
  };
  chart = new uPlot(options, columns, figure);
}

/** Return the slot that holds an instant; the nearest point may be the next one. */
function slotAt(at) {
  return plan.schedule.findIndex((slot) => seconds(slot.slot_start) <= at && at < seconds(slot.slot_end));
}

function follow(u) {
  if (u.cursor.left < 0) return tell(slotAt(nowSeconds()));
  cursorAt = u.posToVal(u.cursor.left, "x");
  tell(slotAt(cursorAt));
}

function tell(index) {
  const slot = plan?.schedule[index];
  if (!slot) return;
  const flows = [["charging", slot.charge_kw], ["discharging", slot.discharge_kw], ["heating water", slot.water_kw], ["exporting", slot.export_kw], ["sun", slot.planned_pv_kwh / hours(slot)], ["load", slot.planned_load_kwh / hours(slot)]];
  const said = flows.filter(([, kw]) => kw > 0.005).map(([name, kw]) => `${name} ${kw.toFixed(1)} kW`);
  const at = document.createElement("strong");
  at.textContent = `${day.format(Date.parse(slot.slot_start))}, ${clock.format(Date.parse(slot.slot_start))}`;
  const minus = (text) => text.replace(/(^|[ (])-(?=\d)/g, "$1\u2212");
  readout.replaceChildren(at, ` ${minus(slot.import_price_per_kwh.toFixed(2))} ${plan.meta.currency}/kWh, battery ${slot.soc_projected.toFixed(0)} %, ${said.join(", ")}. ${minus(slot.reason_text)}`);
}

function swatch(series) {
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", series.bar ? "rect" : "line");
  const color = css(series.color);
  const look = series.bar ? { x: 2, width: 12, height: 12, rx: 3, fill: color } : { x1: 0, x2: 16, y1: 6, y2: 6, stroke: color, "stroke-width": 3, "stroke-dasharray": series.dash ? "4 2" : "none" };
  for (const [name, value] of Object.entries({ width: 16, height: 12, "aria-hidden": true })) mark.setAttribute(name, value);
  for (const [name, value] of Object.entries(look)) shape.setAttribute(name, value);
  mark.append(shape);
  return mark;
}

function toggle(series, button) {
  shows(series.key) ? hidden.add(series.key) : hidden.delete(series.key);
  localStorage.setItem("hidden-series", JSON.stringify([...hidden]));
  button.setAttribute("aria-pressed", String(shows(series.key)));
  if (!plan) return;
  fill();
  chart.setData(columns, false);
  chart.setSeries(SERIES.indexOf(series) + 1, { show: shows(series.key) });
  refresh();
}

function refresh() {
  fill();
  chart.setData(columns);
}

function button(text, pressed, click) {
  const made = document.createElement("button");
  made.type = "button";
  made.append(...[text].flat());
  made.setAttribute("aria-pressed", String(pressed));
  made.addEventListener("click", () => click(made));
  return made;
}

function controls() {
  document.getElementById("legend").replaceChildren(...SERIES.map((series) => button([swatch(series), series.label], shows(series.key), (made) => toggle(series, made))));
  const box = document.getElementById("ranges");
  const known = (seconds(plan.schedule.at(-1).slot_end) - Math.max(seconds(plan.schedule[0].slot_start), nowSeconds() - 3 * 3600)) / 3600;
  // A longer range that shows nothing more is no choice.
  const useful = RANGES.filter((_, index) => index === 0 || RANGES[index - 1] < known);
  const chosen = Math.min(range, useful.at(-1));
  box.hidden = useful.length < 2;
  box.replaceChildren(...useful.map((length) => button(`${length} h`, length === chosen, (made) => {
    range = length;
    localStorage.setItem("chart-hours", length);
    for (const each of box.children) each.setAttribute("aria-pressed", String(each === made));
    refresh();
  })));
}

async function load() {
  const run = document.querySelector("#chart-summary [data-run]")?.dataset.run ?? "";
  figure.classList.toggle("nothing", !run);
  if (run === drawnRun) return;
  drawnRun = run;
  if (!run) { chart?.destroy(); chart = plan = null; figure.replaceChildren(); readout.replaceChildren(); return; }
  try {
    const answer = await fetch("/api/schedule", { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    plan = await answer.json();
  } catch { drawnRun = ""; return; }
  fill();
  controls();
  build();
  tell(slotAt(cursorAt ?? nowSeconds()));
}

function moveTo(index) {
  const [from, to] = [chart.scales.x.min, chart.scales.x.max];
  const seen = plan.schedule.map((slot, i) => [seconds(slot.slot_start), i]).filter(([at]) => at >= from && at < to).map(([, i]) => i);
  const slot = plan.schedule[Math.max(seen[0], Math.min(seen.at(-1), index))];
  chart.setCursor({ left: chart.valToPos((seconds(slot.slot_start) + seconds(slot.slot_end)) / 2, "x"), top: 10 });
}

figure.addEventListener("keydown", (event) => {
  if (!chart) return;
  if (event.key === "Escape") { cursorAt = null; chart.setCursor({ left: -10, top: -10 }); return; }
  const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -4, PageDown: 4, Home: -Infinity, End: Infinity }[event.key];
  if (!by) return;
  event.preventDefault();
  moveTo(slotAt(cursorAt ?? nowSeconds()) + by);
});
for (const kind of ["pointerdown", "pointermove"]) {
  figure.addEventListener(kind, (event) => {
    if (!chart || event.pointerType === "mouse") return;
    const box = chart.over.getBoundingClientRect();
    chart.setCursor({ left: event.clientX - box.left, top: event.clientY - box.top });
  });
}
new ResizeObserver(() => chart?.setSize({ width: figure.clientWidth, height: height() })).observe(figure);
setInterval(() => chart?.setData(columns), 60_000);
// The summary is swapped from elsewhere (out of band), so it is watched rather than asked.
new MutationObserver(load).observe(summary, { childList: true, subtree: true, attributeFilter: ["data-run"] });
load();
