// The chart and the live connection. Everything else is HTML from the server.
const figure = document.getElementById("chart");
const zone = figure.dataset.zone;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const hour = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", day: "numeric", month: "short" });
const phone = () => window.innerWidth <= 640;
const steps = uPlot.paths.stepped({ align: 1 });
const bars = uPlot.paths.bars({ align: 1, size: [1, Infinity], gap: 0 });

// Power in kW; what leaves the battery or the home points down.
const SERIES = [
  { key: "price", label: "Price", color: "--price", scale: "money", value: (s) => s.import_price_per_kwh, paths: steps, width: 2 },
  { key: "sale", label: "Sale price", color: "--price", scale: "money", value: (s) => s.export_price_per_kwh, paths: steps, width: 1, dash: [3, 3], off: true },
  { key: "soc", label: "Charge level", color: "--soc", scale: "%", value: (s) => s.soc_projected, width: 2, atEnd: true },
  { key: "target", label: "Target", color: "--soc-target", scale: "%", value: (s) => s.soc_target, paths: steps, width: 1.5, dash: [6, 4] },
  { key: "pv", label: "Sun", color: "--pv", scale: "kW", value: (s) => s.planned_pv_kwh / hours(s), width: 1.5, fill: true },
  { key: "load", label: "Load", color: "--load", scale: "kW", value: (s) => s.planned_load_kwh / hours(s), width: 1.5 },
  { key: "charge", label: "Charge", color: "--charge", scale: "kW", value: (s) => s.charge_kw, paths: bars, fill: true },
  { key: "water", label: "Water", color: "--water", scale: "kW", value: (s) => s.water_kw, paths: bars, fill: true },
  { key: "discharge", label: "Discharge", color: "--discharge", scale: "kW", value: (s) => -s.discharge_kw, paths: bars, fill: true },
  { key: "export", label: "Export", color: "--export", scale: "kW", value: (s) => -s.export_kw, paths: bars, fill: true },
];
const hours = (slot) => (Date.parse(slot.slot_end) - Date.parse(slot.slot_start)) / 3.6e6;
const seconds = (text) => Date.parse(text) / 1000;
const hidden = new Set(JSON.parse(localStorage.getItem("hidden-series") || "null") || SERIES.filter((s) => s.off).map((s) => s.key));
let range = Number(localStorage.getItem("chart-hours")) || (phone() ? 24 : 48);
let plan = null, chart = null;

function columns() {
  const x = plan.schedule.map((slot) => seconds(slot.slot_start));
  return [x, ...SERIES.map((series) => plan.schedule.map(series.value))];
}

function span() {
  const first = seconds(plan.schedule[0].slot_start), last = seconds(plan.schedule.at(-1).slot_end);
  const from = Math.max(first, Math.min(Date.now() / 1000 - 3 * 3600, last - range * 3600));
  return [from, Math.min(last, from + range * 3600)];
}

function withAlpha(color, alpha) {
  return color + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

function shadePast(u) {
  const now = u.valToPos(Date.now() / 1000, "x", true), { left, top, width, height } = u.bbox;
  if (now <= left) return;
  u.ctx.save();
  u.ctx.fillStyle = withAlpha(css("--bg"), 0.55);
  u.ctx.fillRect(left, top, Math.min(now - left, width), height);
  u.ctx.restore();
}

function drawNow(u) {
  const now = u.valToPos(Date.now() / 1000, "x", true), { left, top, width, height } = u.bbox;
  if (now < left || now > left + width) return;
  u.ctx.save();
  u.ctx.strokeStyle = css("--accent");
  u.ctx.lineWidth = 2;
  u.ctx.beginPath(); u.ctx.moveTo(now, top); u.ctx.lineTo(now, top + height); u.ctx.stroke();
  u.ctx.restore();
}

function axis(scale, label, side, extra = {}) {
  return { scale, label, side, stroke: () => css("--muted"), grid: { stroke: () => css("--line"), width: 1, show: scale === "kW" }, ticks: { show: false }, size: 52, labelSize: 20, show: !phone() || scale === "kW", ...extra };
}

function build() {
  chart?.destroy();
  figure.replaceChildren();
  const options = {
    width: figure.clientWidth, height: phone() ? 300 : 400, tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), zone),
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { range: () => span() }, "%": { range: [0, 100] }, money: {}, kW: {} },
    axes: [
      { stroke: () => css("--muted"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { show: false }, space: 60,
        values: (_u, ticks) => ticks.map((t) => (hour.format(t * 1000) === "00:00" ? day.format(t * 1000) : hour.format(t * 1000))) },
      axis("kW", "kW", 3), axis("money", `${plan.meta.currency} per kWh`, 1), axis("%", "% charged", 1, { size: 44 }),
    ],
    series: [{}, ...SERIES.map((s) => ({
      label: s.label, scale: s.scale, show: !hidden.has(s.key), paths: s.paths, width: s.width ?? 0, dash: s.dash,
      stroke: () => css(s.color), fill: s.fill ? () => withAlpha(css(s.color), s.paths ? 0.75 : 0.18) : undefined, points: { show: false },
    }))],
    hooks: { draw: [shadePast, drawNow], setCursor: [(u) => tell(u.cursor.idx)] },
  };
  chart = new uPlot(options, columns(), figure);
}

function tell(index) {
  const slot = plan?.schedule[index];
  if (!slot) return;
  const money = (value) => value.toFixed(2);
  document.getElementById("chart-text").textContent =
    `${day.format(Date.parse(slot.slot_start))} ${clock.format(Date.parse(slot.slot_start))}: ${money(slot.import_price_per_kwh)} ${plan.meta.currency}/kWh, ` +
    `${slot.soc_projected.toFixed(0)} % charged, charge ${slot.charge_kw.toFixed(1)} kW, discharge ${slot.discharge_kw.toFixed(1)} kW, ` +
    `water ${slot.water_kw.toFixed(1)} kW, export ${slot.export_kw.toFixed(1)} kW. ${slot.reason_text}`;
}

function legend() {
  document.getElementById("legend").replaceChildren(...SERIES.map((series, index) => {
    const button = document.createElement("button");
    const swatch = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    swatch.setAttribute("width", 12); swatch.setAttribute("height", 12);
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ width: 12, height: 12, rx: 3, fill: css(series.color) })) mark.setAttribute(name, value);
    swatch.append(mark);
    button.append(swatch, series.label);
    button.setAttribute("aria-pressed", String(!hidden.has(series.key)));
    button.addEventListener("click", () => {
      hidden.has(series.key) ? hidden.delete(series.key) : hidden.add(series.key);
      localStorage.setItem("hidden-series", JSON.stringify([...hidden]));
      button.setAttribute("aria-pressed", String(!hidden.has(series.key)));
      chart?.setSeries(index + 1, { show: !hidden.has(series.key) });
    });
    return button;
  }));
}

async function load() {
  const answer = await fetch("/api/schedule", { headers: { Accept: "application/json" } });
  if (!answer.ok) { figure.textContent = "No plan to draw yet."; return; }
  plan = await answer.json();
  chart ? chart.setData(columns()) : build();
}

for (const button of document.querySelectorAll("[data-hours]")) {
  const mark = () => document.querySelectorAll("[data-hours]").forEach((b) => b.setAttribute("aria-pressed", String(Number(b.dataset.hours) === range)));
  button.addEventListener("click", () => { range = Number(button.dataset.hours); localStorage.setItem("chart-hours", range); mark(); if (plan) chart.setData(columns()); });
  mark();
}

figure.addEventListener("keydown", (event) => {
  const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!move || !chart) return;
  event.preventDefault();
  const start = plan.schedule.findIndex((slot) => seconds(slot.slot_end) > Date.now() / 1000);
  const index = Math.max(0, Math.min(plan.schedule.length - 1, (chart.cursor.idx ?? start) + move));
  chart.setCursor({ left: chart.valToPos(chart.data[0][index] + 60, "x"), top: 10 });
  tell(index);
});
figure.addEventListener("pointerdown", (event) => {
  if (!chart || event.pointerType === "mouse") return;
  const box = chart.over.getBoundingClientRect();
  chart.setCursor({ left: event.clientX - box.left, top: event.clientY - box.top });
});
new ResizeObserver(() => chart?.setSize({ width: figure.clientWidth, height: phone() ? 300 : 400 })).observe(figure);
setInterval(() => chart?.redraw(false), 60_000);

const chip = document.getElementById("live");
const events = new EventSource("/ui/events");
const show = (text, on) => { chip.textContent = text; chip.classList.toggle("on", on); chip.classList.toggle("off", !on); };
events.addEventListener("open", () => show("live", true));
events.addEventListener("error", () => show("offline", false));
events.addEventListener("plan", () => document.body.dispatchEvent(new CustomEvent("plan-changed", { bubbles: true })));
document.body.addEventListener("plan-changed", load);
document.getElementById("toast").addEventListener("htmx:after:swap", () => setTimeout(() => document.getElementById("toast").replaceChildren(), 6000));
legend();
load();
