// Exchange the page's colours while it is open; whoever draws by script hears of it: theme-changed.
let sheet = document.getElementById("theme"), coming = null;
const told = () => document.dispatchEvent(new CustomEvent("theme-changed"));

/** The bar of a phone's browser takes the colour of the page. */
function tint() {
  const page = getComputedStyle(document.documentElement).getPropertyValue("--bg").trim();
  for (const bar of document.querySelectorAll('meta[name="theme-color"]')) bar.content = page;
}

/** The old colours stay until the new ones are there: no flash of a page without any. */
export function wear(address) {
  coming?.remove();
  const next = coming = sheet.cloneNode();
  next.addEventListener("load", () => {
    if (next !== coming) return;
    sheet.remove();
    [sheet, coming] = [next, null];
    tint();
    told();
  });
  next.addEventListener("error", () => {
    next.remove();
    if (next === coming) coming = null;
  });
  next.setAttribute("href", address);
  sheet.after(next);
}

// Another device has chosen another theme; who is looking at one to choose is left alone.
let fetched = 0;
document.body.addEventListener("config-changed", () => {
  if (document.getElementById("preview")?.hidden ?? true) wear(`/theme.css?fetched=${++fetched}`);
});
for (const wish of ["(prefers-color-scheme: light)", "(prefers-contrast: more)", "(forced-colors: active)"]) {
  matchMedia(wish).addEventListener("change", told);
}
