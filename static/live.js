// Keep the page in touch with the service: live, or offline since when. The HTML comes from htmx.
const zone = document.documentElement.dataset.zone;
const texts = JSON.parse(document.getElementById("texts").textContent);
const fill = (text, names) => text.replace(/\{(\w+)\}/g, (all, name) => names[name] ?? all);
const clock = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang, { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const chip = document.getElementById("live"), banner = document.getElementById("offline"), toast = document.getElementById("toast");
const tell = (name) => document.body.dispatchEvent(new CustomEvent(name, { bubbles: true }));
const BANNER_AFTER_MS = 5000, RETRY_MS = 3000;
let lostAt = null, bannerTimer = null;

function found() {
  chip.textContent = texts.live;
  chip.className = "chip live on";
  banner.hidden = true;
  clearTimeout(bannerTimer);
  // Whatever was announced meanwhile was missed.
  if (lostAt) tell("refresh");
  lostAt = null;
}

function lost() {
  if (lostAt) return;
  lostAt = new Date();
  const since = clock.format(lostAt);
  chip.textContent = fill(texts.offline, { time: since });
  chip.className = "chip live off";
  // A restart of the service takes seconds and need not alarm anyone.
  bannerTimer = setTimeout(() => {
    const title = document.createElement("strong");
    title.textContent = fill(texts.lost_title, { time: since });
    banner.replaceChildren(title, ` ${texts.lost}`);
    banner.hidden = false;
  }, BANNER_AFTER_MS);
}

function connect() {
  const events = new EventSource("/ui/events");
  events.addEventListener("open", found);
  events.addEventListener("plan", () => tell("plan-changed"));
  events.addEventListener("manual", () => tell("manual-changed"));
  events.addEventListener("alert", () => tell("refresh"));
  events.addEventListener("config", () => tell("config-changed"));
  events.addEventListener("error", () => {
    lost();
    // The browser retries by itself only while the stream is not refused (a proxy's 502 is).
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
}

function say(text) {
  const line = document.createElement("p");
  line.className = "toast bad";
  line.textContent = text;
  toast.replaceChildren(line);
  fade();
}

let fading = null;
function fade() {
  clearTimeout(fading);
  fading = setTimeout(() => toast.replaceChildren(), toast.querySelector(".bad, button") ? 15_000 : 6_000);
}

const form = document.querySelector("header form");
// A run takes seconds: the button says what it is at.
const PHASE_MS = 400;
async function phases() {
  const busy = form.querySelector(".busy"), first = busy.textContent;
  while (form.querySelector("button").disabled) {
    const answer = await fetch("/ui/phase").catch(() => null), text = answer?.ok ? await answer.text() : "";
    if (text) busy.textContent = text;
    await new Promise((done) => setTimeout(done, PHASE_MS));
  }
  busy.textContent = first;
}
form?.addEventListener("htmx:before:request", () => setTimeout(phases));
toast.addEventListener("htmx:after:swap", fade);
for (const fault of ["htmx:error", "htmx:response:error"]) {
  document.body.addEventListener(fault, (event) => {
    if (form?.contains(event.target)) say(texts.no_answer);
  });
}
// A button in it goes with its form: removed before it is sent, it would never be.
toast.addEventListener("click", (event) => { if (!event.target.closest("button")) toast.replaceChildren(); });
// Where a manual action stops if no target is given depends on what it is.
document.addEventListener("change", ({ target }) => { if (target.dataset.hint !== undefined) target.form.elements.target_soc_percent.placeholder = target.dataset.hint; });
// A phone that wakes up shows an old page.
document.addEventListener("visibilitychange", () => { if (!document.hidden) tell("refresh"); });
// On a phone the names of the pages do not all fit: the present one is shown.
for (const here of document.querySelectorAll("nav [aria-current]")) here.scrollIntoView({ inline: "center", block: "nearest" });
connect();
