// Show a theme before it is saved: the page wears it, nothing else changes.
import { wear } from "./theme.js";

const form = document.getElementById("look"), mark = document.getElementById("preview");
const choice = () => new URLSearchParams(new FormData(form));
const before = choice().toString();

function show() {
  const now = choice();
  mark.hidden = now.toString() === before;
  document.getElementById("saved")?.remove();
  // A theme that is gone leaves none chosen: then the saved colours stay.
  wear(mark.hidden || !now.has("theme") ? "/theme.css" : `/theme.css?${new URLSearchParams({ theme: now.get("theme"), accent: now.get("accent") })}`);
}

form.addEventListener("change", show);
// The form still has its old values while the event runs.
form.addEventListener("reset", () => setTimeout(show));
// A page that comes back from the browser's memory keeps its form, and with it the preview.
window.addEventListener("pageshow", (event) => { if (event.persisted) show(); });
