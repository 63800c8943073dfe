// After a refusal the summary gets the focus, so that it is read out and the links are at hand.
const focus = () => document.querySelector("[data-focus]")?.focus();
document.body.addEventListener("htmx:after:swap", focus);
focus();
// On a phone the sections scroll sideways: show the one that is open.
document.querySelector(".settings-nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
