// The chart: three lanes over one time axis. It redraws when the plan named in the summary changes.
import { drawBehind, drawInFront } from "./chart_paint.js";
import { selecting, spanText } from "./chart_select.js";
import { SERIES, SLOT_SECONDS, columnsOf, css, fillIn, language, number, rowsOf, seconds, swatch, texts, withAlpha, zone } from "./chart_series.js";
const figure = document.getElementById("chart"), readout = document.getElementById("chart-text");
const summary = document.getElementById("chart-summary").parentElement;
const format = (parts) => new Intl.DateTimeFormat(language, { timeZone: zone, ...parts });
const clock = format({ hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const hour = format({ hour: "2-digit", minute: "2-digit" });
const day = format({ weekday: "short", day: "numeric", month: "short" });
const phone = () => window.innerWidth <= 640;
const height = () => (phone() ? 400 : 480);
const steps = uPlot.paths.stepped({ align: 1 });
const bars = uPlot.paths.bars({ align: 1, size: [1, Infinity], gap: 0 });
const nowSeconds = () => Date.now() / 1000;
const shows = (key) => !hidden.has(key);
const RANGES = [24, 36, 48];
const stored = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
const hidden = new Set(stored("hidden-series") ?? SERIES.filter((s) => s.off).map((s) => s.key));
let range = stored("chart-hours") ?? (phone() ? 24 : 48);
const localButton = document.getElementById("local-plan");
let local = false;
let plan = null, chart = null, drawnRun = "", columns = [], lanes = {}, cursorAt = null, ghost = [], selection = null;
const starts = () => plan.slots.map((slot) => seconds(slot.slot_start));

function fill() {
  columns = columnsOf(rowsOf(plan, ghost), shows);
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
  const plot = height() - 52, title = 26 / plot, usable = 1 - 3 * title;
  const result = {};
  let bottom = 0;
  for (const [key, share, label] of [["%", 0.24, texts.lane_battery], ["kW", 0.42, texts.lane_power], ["money", 0.34, fillIn(texts.lane_price, { currency: plan.currency })]]) {
    const values = SERIES.flatMap((s, i) => (s.lane === key && shows(s.key) ? columns[i + 1].filter((v) => v !== null) : []));
    const { marks, limits: [low, high] } = key === "%" ? { marks: [0, 50, 100], limits: [0, 100] } : ticks(values);
    const top = bottom + share * usable, span = (high - low) / (top - bottom);
    const min = low - bottom * span;
    result[key] = { marks, label, top, range: [min, min + span] };
    bottom = top + title;
  }
  return result;
}

span.last = () => seconds((plan.estimated.at(-1) ?? plan.slots.at(-1)).slot_end);
function span() {
  const first = Math.min(...[plan.slots[0], plan.actual[0]].filter(Boolean).map((slot) => seconds(slot.slot_start)));
  const last = span.last();
  const from = Math.max(first, Math.min(nowSeconds() - 3 * 3600, last - range * 3600));
  // With little left to show, the empty hours say that nothing is known of them.
  return [from, Math.max(from + 6 * 3600, Math.min(last, from + range * 3600))];
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
    hooks: { drawAxes: [(u) => drawBehind(u, plan, lanes)], draw: [(u) => drawInFront(u, plan, { ghost, selection, now: nowSeconds() })], setCursor: [follow] },
  };
  chart = new uPlot(options, columns, figure);
}

/** Return the slot that holds an instant; the nearest point may be the next one. */
function slotAt(at) {
  return plan.slots.findIndex((slot) => seconds(slot.slot_start) <= at && at < seconds(slot.slot_end));
}

function follow(u) {
  if (u.cursor.left < 0) return tell(slotAt(nowSeconds()));
  cursorAt = u.posToVal(u.cursor.left, "x");
  tell(slotAt(cursorAt));
}

function tell(index) {
  const slot = plan?.slots[index];
  if (!slot) return;
  const flows = [["charge", slot.charge_kw], ["discharge", slot.discharge_kw], ["water", slot.water_kw], ["export", slot.export_kw], ["pv", slot.pv_kw], ["load", slot.load_kw]];
  const said = flows.filter(([, kw]) => kw > 0.005).map(([name, kw]) => fillIn(texts[`says_${name}`], { power: number(kw, 1) }));
  const measured = plan.actual.find((each) => each.slot_start === slot.slot_start) ?? {};
  const seen = [["soc_percent", 0], ["pv_kw", 1], ["load_kw", 1]].filter(([name]) => measured[name] !== undefined).map(([name, digits]) => fillIn(texts[`measured_${name}`], { value: number(measured[name], digits) }));
  const at = document.createElement("strong");
  at.textContent = `${day.format(Date.parse(slot.slot_start))}, ${clock.format(Date.parse(slot.slot_start))}`;
  const facts = [`${number(slot.import_price_per_kwh, 2)} ${plan.currency}/kWh`, fillIn(texts.says_soc, { percent: number(slot.soc_projected, 0) }), ...said].join(", ");
  readout.replaceChildren(at, ` ${facts}. ${slot.why}${seen.length ? ` ${fillIn(texts.measured, { facts: seen.join(", ") })}` : ""}`);
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
  document.getElementById("legend").replaceChildren(...SERIES.filter((series) => !series.quiet && columns[SERIES.indexOf(series) + 1].some((value) => value !== null)).map((series) => button([swatch(series), series.label], shows(series.key), (made) => toggle(series, made))));
  const box = document.getElementById("ranges");
  const known = (span.last() - Math.max(starts()[0], nowSeconds() - 3 * 3600)) / 3600;
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

/** Say which plan is drawn, unless it is the server's, as nearly always. */
function tellWhich(shown) {
  const line = document.getElementById("plan-shown");
  line.textContent = local ? shown : "";
  line.hidden = !local;
  localButton.setAttribute("aria-pressed", String(local));
}

async function load() {
  const run = document.querySelector("#chart-summary [data-run]")?.dataset.run ?? "";
  const wanted = local ? `local, ${run}` : run;
  figure.classList.toggle("nothing", !wanted);
  if (wanted === drawnRun) return;
  drawnRun = wanted;
  if (!wanted) { tellWhich(""); chart?.destroy(); chart = plan = null; figure.replaceChildren(); readout.replaceChildren(); return; }
  try {
    const answer = await fetch(local ? "/ui/chart?plan=local" : "/ui/chart", { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const found = await answer.json();
    // The answer to an earlier question may come after that to a later one.
    if (wanted !== drawnRun) return;
    tellWhich(found.shown);
    // What is drawn stays: without a local plan there is only the sentence that says so.
    if (!found.slots.length) { figure.classList.toggle("nothing", !plan); if (!local) drawnRun = ""; return; }
    plan = found;
  } catch { if (wanted === drawnRun) drawnRun = ""; return; }
  fill();
  controls();
  build();
  tell(slotAt(cursorAt ?? nowSeconds()));
}

function moveTo(index) {
  const [from, to] = [chart.scales.x.min, chart.scales.x.max];
  const seen = starts().map((at, i) => [at, i]).filter(([at]) => at >= from && at < to).map(([, i]) => i);
  const slot = plan.slots[Math.max(seen[0], Math.min(seen.at(-1), index))];
  chart.setCursor({ left: chart.valToPos((seconds(slot.slot_start) + seconds(slot.slot_end)) / 2, "x"), top: 10 });
}

figure.addEventListener("keydown", (event) => {
  if (!chart) return;
  if (event.key === "Escape") { cursorAt = null; select.close(); chart.setCursor({ left: -10, top: -10 }); return; }
  if (event.key === "Enter" && select.enter()) { event.preventDefault(); return; }
  const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -4, PageDown: 4, Home: -Infinity, End: Infinity }[event.key];
  if (!by) return;
  event.preventDefault();
  const before = cursorAt ?? nowSeconds();
  moveTo(slotAt(before) + by);
  if (event.shiftKey) select.extend(before, cursorAt);
});
const select = selecting(figure, {
  chart: () => chart,
  // Only what is still to come can be asked for.
  bounds: () => [Math.floor(nowSeconds() / SLOT_SECONDS) * SLOT_SECONDS, seconds(plan.slots.at(-1).slot_end)],
  changed: (range) => { selection = range; chart?.redraw(false); },
  say: spanText(day, hour),
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
/** Show what the form previews, or stop showing it. */
function haunt() {
  const found = document.getElementById("ghost"), text = found?.textContent ?? "[]";
  if (haunt.text === text) return;
  haunt.text = text;
  ghost = JSON.parse(text);
  if (chart) refresh();
}
new MutationObserver(haunt).observe(document.getElementById("manual"), { childList: true, subtree: true });
/** Draw the server's plan or the local one, whichever is not drawn. */
function show(wanted) {
  local = wanted;
  drawnRun = "";
  load();
}
localButton.hidden = false;
localButton.addEventListener("click", () => show(!local));
document.getElementById("server-plan").addEventListener("click", () => { local = false; });
document.body.addEventListener("refresh", () => show(local));
// Colours are read when they are drawn.
document.addEventListener("theme-changed", () => { if (chart) { controls(); chart.redraw(false); } });
load();
