// A quarter's explanation opens below its row, by click or Enter, and closes the same way.
const table = document.getElementById("plan-slots");
const explanation = (row) => row.nextElementSibling?.matches(".explained") ? row.nextElementSibling : null;

function close(row) {
  const link = row.querySelector("a");
  explanation(row)?.remove();
  link.removeAttribute("aria-expanded");
  link.focus();
}

// Before htmx sees it: what is open is closed, and nothing is asked twice.
table.addEventListener("click", (event) => {
  const button = event.target.closest(".explained .close");
  if (button) {
    event.preventDefault();
    return close(button.closest("tr").previousElementSibling);
  }
  const row = event.target.closest("tr.slot");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = row.querySelector("a");
  if (!link.contains(event.target)) {
    if (getSelection().isCollapsed) link.click();
    return;
  }
  if (explanation(row) || link.matches(".htmx-request")) {
    event.preventDefault();
    event.stopPropagation();
    if (explanation(row)) close(row);
  }
}, true);

table.addEventListener("keydown", (event) => {
  const row = event.key === "Escape" && event.target.closest("tr");
  if (!row) return;
  const slot = row.matches(".explained") ? row.previousElementSibling : row;
  if (explanation(slot)) close(slot);
});

table.addEventListener("htmx:after:swap", () => {
  for (const open of table.querySelectorAll(".explained")) {
    open.previousElementSibling?.querySelector("a")?.setAttribute("aria-expanded", "true");
  }
});
