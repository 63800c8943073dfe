// Keep the page in touch with the service: live, or offline since when. The HTML comes from htmx.
const zone = document.getElementById("chart").dataset.zone;
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const chip = document.getElementById("live"), banner = document.getElementById("offline"), toast = document.getElementById("toast");
const tell = (name) => document.body.dispatchEvent(new CustomEvent(name, { bubbles: true }));
const BANNER_AFTER_MS = 5000, RETRY_MS = 3000;
let lostAt = null, bannerTimer = null;

function found() {
  chip.textContent = "live";
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
  chip.textContent = `offline since ${since}`;
  chip.className = "chip live off";
  // A restart of the service takes seconds and need not alarm anyone.
  bannerTimer = setTimeout(() => {
    const title = document.createElement("strong");
    title.textContent = `Out of touch since ${since}`;
    banner.replaceChildren(title, " Darkstar does not answer this page. What you see is as of then; the page tries again every few seconds and catches up by itself.");
    banner.hidden = false;
  }, BANNER_AFTER_MS);
}

function connect() {
  const events = new EventSource("/ui/events");
  events.addEventListener("open", found);
  events.addEventListener("plan", () => tell("plan-changed"));
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
  fading = setTimeout(() => toast.replaceChildren(), toast.querySelector(".bad") ? 15_000 : 6_000);
}

const form = document.querySelector("header form");
toast.addEventListener("htmx:after:swap", fade);
for (const fault of ["htmx:error", "htmx:response:error"]) {
  document.body.addEventListener(fault, (event) => {
    if (form.contains(event.target)) say("No new plan: Darkstar does not answer. The plan shown stays as it is.");
  });
}
toast.addEventListener("click", () => toast.replaceChildren());
// A phone that wakes up shows an old page.
document.addEventListener("visibilitychange", () => { if (!document.hidden) tell("refresh"); });
connect();
