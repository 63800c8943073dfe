// What the chart draws: one point a slot, and one where a row of slots ends, so that steps and bars cover their slot.
export const texts = JSON.parse(document.getElementById("texts").textContent);
export const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
export const zone = document.documentElement.dataset.zone;
export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const withAlpha = (color, alpha) => color + Math.round(alpha * 255).toString(16).padStart(2, "0");
export const seconds = (text) => Date.parse(text) / 1000;
export const fillIn = (text, names) => text.replace(/\{(\w+)\}/g, (all, name) => names[name] ?? all);
export const number = (value, digits) => new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false }).format(value).replace("-", "−");
const some = (kw, sign = 1) => (kw > 0.005 ? sign * kw : null);

// Power in kW; what leaves the battery or the home points down. Drawn in this order. `of` says which
// of a row's parts is drawn (a planned slot, a measured one, an estimated price).
export const SERIES = [
  { key: "price", color: "--price", lane: "money", of: "slot", at: (s) => s.import_price_per_kwh, width: 2 },
  { key: "estimate", color: "--price", lane: "money", of: "estimate", at: (e) => e.import_price_per_kwh, width: 1.5, dash: [2, 4] },
  { key: "sale", color: "--price", lane: "money", of: "slot", at: (s) => s.export_price_per_kwh, width: 1.5, dash: [3, 3], off: true },
  { key: "pv", color: "--pv", lane: "kW", of: "slot", at: (s) => s.pv_kw, width: 1.5, area: 0.16 },
  // Stacked on the charging below it: both draw power at the same time.
  { key: "water", color: "--water", lane: "kW", of: "slot", at: (s, shows) => some(s.water_kw) && s.water_kw + (shows("charge") ? s.charge_kw : 0), bar: true },
  { key: "charge", color: "--charge", lane: "kW", of: "slot", at: (s) => some(s.charge_kw), bar: true },
  { key: "discharge", color: "--discharge", lane: "kW", of: "slot", at: (s) => some(s.discharge_kw, -1), bar: true },
  // In front: where the battery sells, its own bar is the same energy.
  { key: "export", color: "--export", lane: "kW", of: "slot", at: (s) => some(s.export_kw, -1), bar: true },
  { key: "load", color: "--load", lane: "kW", of: "slot", at: (s) => s.load_kw, width: 1.5 },
  { key: "pv_actual", color: "--pv", lane: "kW", of: "actual", at: (a) => a.pv_kw, width: 3 },
  { key: "load_actual", color: "--load", lane: "kW", of: "actual", at: (a) => a.load_kw, width: 3 },
  { key: "soc", color: "--soc", lane: "%", of: "slot", at: (s) => s.soc_projected, width: 2, atEnd: true },
  { key: "soc_actual", color: "--soc", lane: "%", of: "actual", at: (a) => a.soc_percent, width: 4, atEnd: true },
  { key: "target", color: "--soc-target", lane: "%", of: "slot", at: (s) => s.soc_target, width: 1.5, dash: [6, 4] },
  { key: "ghost", color: "--accent", lane: "%", of: "ghost", at: (g) => g.soc_projected, width: 2, dash: [4, 3], atEnd: true, quiet: true },
].map((series) => ({ ...series, label: texts[`series_${series.key}`] ?? series.key }));

/** Join plan, measurements, estimates and preview by time. */
export function rowsOf(plan, ghost) {
  const byStart = new Map();
  for (const [part, list] of [["slot", plan.slots], ["actual", plan.actual], ["estimate", plan.estimated], ["ghost", ghost]]) {
    for (const each of list) {
      const x = seconds(each.slot_start);
      byStart.set(x, { ...byStart.get(x), x, [part]: each });
    }
  }
  const rows = [];
  for (const row of [...byStart.values()].sort((a, b) => a.x - b.x)) {
    const before = rows.at(-1);
    if (before && before.x + SLOT_SECONDS < row.x) rows.push({ x: before.x + SLOT_SECONDS, before });
    rows.push({ ...row, before: before && before.x + SLOT_SECONDS === row.x ? before : undefined });
  }
  const last = rows.at(-1);
  if (last) rows.push({ x: last.x + SLOT_SECONDS, before: last });
  return rows;
}
export const SLOT_SECONDS = 900;

/** The columns of the chart: times, then one list of values a series. */
export function columnsOf(rows, shows) {
  const value = (series) => (row) => {
    const own = row[series.of], past = row.before?.[series.of];
    const part = series.atEnd ? past : own ?? (series.bar ? undefined : past);
    return part === undefined ? null : series.at(part, shows) ?? null;
  };
  return [rows.map((row) => row.x), ...SERIES.map((series) => rows.map(value(series)))];
}

/** The legend's sign of a series. */
export function swatch(series) {
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", series.bar ? "rect" : "line");
  const color = css(series.color);
  const look = series.bar ? { x: 2, width: 12, height: 12, rx: 3, fill: color } : { x1: 0, x2: 16, y1: 6, y2: 6, stroke: color, "stroke-width": Math.max(2.5, series.width * 1.3), "stroke-dasharray": series.dash ? "4 2" : "none" };
  for (const [name, value] of Object.entries({ width: 16, height: 12, "aria-hidden": true })) mark.setAttribute(name, value);
  for (const [name, value] of Object.entries(look)) shape.setAttribute(name, value);
  mark.append(shape);
  return mark;
}
