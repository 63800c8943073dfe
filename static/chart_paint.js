// What lies behind and in front of the chart's lines: lanes, the price's heat strip, estimates, the past, now, a selection and a preview.
import { SLOT_SECONDS, css, seconds, texts, withAlpha } from "./chart_series.js";
const STRIP_PX = 7;

function paint(u, draw) {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  draw(u.ctx, { left, top, right: left + width, bottom: top + height, px: devicePixelRatio, x: (at) => Math.min(left + width, Math.max(left, u.valToPos(at, "x", true))), y: (value, lane) => u.valToPos(value, lane, true) });
  u.ctx.restore();
}

/** Diagonal lines over a stretch of time: what is there is an estimate. */
function hatch(ctx, box, from, to) {
  ctx.save();
  ctx.beginPath(); ctx.rect(from, box.top, to - from, box.bottom - box.top); ctx.clip();
  ctx.strokeStyle = withAlpha(css("--muted"), 0.22);
  ctx.lineWidth = box.px;
  const tall = box.bottom - box.top, step = 9 * box.px;
  for (let x = from - tall; x < to; x += step) { ctx.beginPath(); ctx.moveTo(x, box.bottom); ctx.lineTo(x + tall, box.top); ctx.stroke(); }
  ctx.restore();
}

function words(ctx, text, x, y, align) {
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  const wide = ctx.measureText(text).width;
  ctx.fillStyle = css("--card");
  ctx.fillRect((align === "center" ? x - wide / 2 : x) - 6, y - 10 * devicePixelRatio, wide + 12, 20 * devicePixelRatio);
  ctx.fillStyle = css("--muted");
  ctx.fillText(text, x, y);
}

/** Darker is dearer; what is free or pays has its own colour. */
function strip(ctx, box, slots) {
  const prices = slots.map((slot) => slot.import_price_per_kwh), low = Math.min(...prices), high = Math.max(...prices);
  for (const slot of slots) {
    const from = Math.round(box.x(seconds(slot.slot_start))), to = Math.round(box.x(seconds(slot.slot_end))), price = slot.import_price_per_kwh;
    ctx.fillStyle = price <= 0 ? css("--good") : withAlpha(css("--price"), 0.12 + 0.88 * ((price - low) / (high - low || 1)));
    ctx.fillRect(from, box.top, to - from, STRIP_PX * box.px);
  }
}

export function drawBehind(u, plan, lanes) {
  paint(u, (ctx, box) => {
    const end = box.x(seconds(plan.slots.at(-1).slot_end)), known = plan.estimated.length ? box.x(seconds(plan.estimated.at(-1).slot_end)) : end;
    if (known > end) hatch(ctx, box, end, known);
    if (box.right - known > 150 * box.px) {
      ctx.fillStyle = withAlpha(css("--line"), 0.35);
      ctx.fillRect(known, box.top, box.right - known, box.bottom - box.top);
      words(ctx, texts.not_known, (known + box.right) / 2, (box.top + box.bottom) / 2, "center");
    }
    if (known - end > 90 * box.px) words(ctx, texts.estimated, (end + known) / 2, box.bottom - 20 * box.px, "center");
    strip(ctx, box, plan.slots);
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
      const zero = box.y(0, key);
      ctx.beginPath(); ctx.moveTo(box.left, zero); ctx.lineTo(box.right, zero); ctx.stroke();
    }
  });
}

/** The preview's bars, outlined over those of the plan in force. */
function outline(ctx, box, ghost, color, kw) {
  ctx.strokeStyle = css(color);
  for (const each of ghost) {
    const power = kw(each);
    if (Math.abs(power) < 0.005) continue;
    const from = box.x(seconds(each.slot_start)), to = box.x(seconds(each.slot_start) + SLOT_SECONDS);
    if (to > from) ctx.strokeRect(from + 1, box.y(power, "kW"), to - from - 2, box.y(0, "kW") - box.y(power, "kW"));
  }
}

export function drawInFront(u, plan, { ghost, selection, now }) {
  paint(u, (ctx, box) => {
    const at = box.x(now);
    ctx.fillStyle = withAlpha(css("--card"), 0.45);
    if (u.valToPos(now, "x", true) > box.left) ctx.fillRect(box.left, box.top, at - box.left, box.bottom - box.top);
    // What the owner asked for stands under the strip.
    ctx.fillStyle = css("--accent");
    for (const slot of plan.slots) if (slot.is_manual) ctx.fillRect(box.x(seconds(slot.slot_start)), box.top + (STRIP_PX + 2) * box.px, box.x(seconds(slot.slot_end)) - box.x(seconds(slot.slot_start)) + 1, 4 * box.px);
    if (ghost.length) {
      ctx.setLineDash([]);
      ctx.lineWidth = 1.5 * box.px;
      outline(ctx, box, ghost, "--charge", (g) => g.charge_kw);
      outline(ctx, box, ghost, "--water", (g) => g.water_kw && g.water_kw + g.charge_kw);
      outline(ctx, box, ghost, "--discharge", (g) => -g.discharge_kw);
      outline(ctx, box, ghost, "--export", (g) => -g.export_kw);
    }
    if (selection) {
      const [from, to] = selection.map(box.x);
      ctx.fillStyle = withAlpha(css("--accent"), 0.22);
      ctx.fillRect(from, box.top, to - from, box.bottom - box.top);
      ctx.strokeStyle = css("--accent");
      ctx.lineWidth = 2 * box.px;
      ctx.strokeRect(from, box.top + 1, to - from, box.bottom - box.top - 2);
    }
    if (now < u.scales.x.min || now > u.scales.x.max) return;
    ctx.strokeStyle = ctx.fillStyle = css("--accent");
    ctx.lineWidth = 2 * box.px;
    ctx.setLineDash([]);
    ctx.beginPath(); ctx.moveTo(at, box.top); ctx.lineTo(at, box.bottom); ctx.stroke();
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.fillText(texts.now, at + 5 * box.px, box.top + (STRIP_PX + 8) * box.px);
  });
}
