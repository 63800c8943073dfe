// After a refusal the summary gets the focus, so that it is read out and the links are at hand.
const focus = () => document.querySelector("[data-focus]")?.focus();
// What was typed and not saved is asked about before the page is left.
const form = () => document.getElementById("settings-form");
const typed = () => [...new FormData(form())].filter(([name]) => name !== "version" && name !== "was").map(([name, value]) => `${name}=${value}`).join("\n");
const isSaved = () => !form().querySelector(":scope > .alert, [data-unsaved]");
let kept = null, sent = false;
function look() {
  if (form() && (kept === null || isSaved())) kept = typed();
}
document.addEventListener("submit", (event) => { sent = !event.defaultPrevented; });
window.addEventListener("beforeunload", (event) => { if (form() && !sent && typed() !== kept) event.preventDefault(); });
document.body.addEventListener("htmx:after:swap", () => { focus(); look(); });
focus();
look();
// On a phone the sections scroll sideways: show the one that is open.
document.querySelector(".settings-nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
