// A range of slots on the chart becomes a manual action: by mouse, finger or Shift with the arrow keys.
import { SLOT_SECONDS, fillIn, texts } from "./chart_series.js";
const menu = document.getElementById("chart-menu");
const MOVED_PX = 8;

/** `chart()` gives the uPlot or null; `changed(selection)` redraws; `say(from, to)` names a range. */
export function selecting(figure, { chart, bounds, changed, say }) {
  let anchor = null, range = null, startX = 0, dragging = false;
  const floor = (at) => Math.floor(at / SLOT_SECONDS) * SLOT_SECONDS;
  const at = (event) => {
    const box = chart().over.getBoundingClientRect();
    return chart().posToVal(event.clientX - box.left, "x");
  };

  function set(one, other) {
    const [first, last] = bounds();
    const from = Math.max(first, Math.min(floor(one), floor(other))), to = Math.min(last, Math.max(floor(one), floor(other)) + SLOT_SECONDS);
    range = to > from ? [from, to] : null;
    changed(range);
  }

  function offer() {
    if (!range) return close();
    menu.hidden = false;
    menu.querySelector("[data-span]").textContent = say(...range);
  }

  function close() {
    range = anchor = null;
    menu.hidden = true;
    changed(null);
  }

  figure.addEventListener("pointerdown", (event) => {
    if (!chart() || event.button || !chart().over.contains(event.target)) return;
    startX = event.clientX;
    anchor = at(event);
    dragging = false;
  });
  window.addEventListener("pointermove", (event) => {
    if (anchor === null || !chart() || !(event.buttons || event.pointerType === "touch")) return;
    dragging ||= Math.abs(event.clientX - startX) > MOVED_PX;
    if (dragging) set(anchor, at(event));
  });
  window.addEventListener("pointerup", () => {
    if (dragging) offer();
    anchor = null;
    dragging = false;
  });
  // The browser took the finger for scrolling.
  window.addEventListener("pointercancel", () => { anchor = null; dragging = false; if (menu.hidden) close(); });

  menu.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.action && range) ask(button.dataset.action, range);
    close();
  });

  return {
    close,
    /** Widen from where the cursor stands; `from` is its instant before, `to` the one after. */
    extend(from, to) {
      const kept = range && range.kept !== undefined ? range.kept : from;
      set(kept, to);
      if (range) range.kept = kept;
      offer();
    },
    enter() { if (!range) return false; menu.querySelector("button").focus(); return true; },
  };
}

/** Fill the form in and let it say what the action would change. */
function ask(action, [from, to]) {
  const form = document.getElementById("manual-form"), iso = (at) => new Date(at * 1000).toISOString().replace(".000", "");
  if (form.elements.action_id.value) form.elements.action_id.value = form.elements.version.value = "";
  form.elements.action.value = action;
  form.elements.start_at.value = iso(from);
  form.elements.end_at.value = iso(to);
  const phone = matchMedia("(max-width: 900px)").matches, calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (phone) document.getElementById("manual").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  form.querySelector("button[formaction]").click();
}

// What is previewed follows what is chosen.
document.getElementById("manual")?.addEventListener("change", (event) => {
  const form = event.target.closest("#manual-form");
  if (form?.querySelector("#ghost")) form.querySelector("button[formaction]").click();
});
export const spanText = (day, clock) => (from, to) => fillIn(texts.range, { day: day.format(from * 1000), from: clock.format(from * 1000), to: clock.format(to * 1000) });
