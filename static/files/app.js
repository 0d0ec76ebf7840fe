// Makes pages that work without it a little nicer: copy, drop a file, submit once, confirm, theme, first error,
// a test sign-in that is followed live.
// Bound to data-* attributes; controls that are of no use without it are hidden in the markup and revealed here.

const root = document.documentElement;

/** Says something short in the live region and takes it away again. */
function say(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = text;
  document.querySelector(".toasts").append(toast);
  setTimeout(() => toast.remove(), 3200);
}

// Copy: data-copy holds the id of an input or of an element with text.
async function copy(button) {
  const from = document.getElementById(button.dataset.copy);
  const text = "value" in from ? from.value : from.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    select(from);
    say("Selected: copy it with Ctrl or ⌘ and C");
    return;
  }
  button.dataset.copied = "";
  say("Copied to the clipboard");
  setTimeout(() => delete button.dataset.copied, 1800);
}

function select(from) {
  if ("select" in from) {
    from.focus();
    from.select();
    return;
  }
  const range = document.createRange();
  range.selectNodeContents(from);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

// Theme: the system's until this person chooses.
function toggleTheme() {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch { /* storage is off: the choice holds for this page */ }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  if (event.target.closest("[data-theme-toggle]")) toggleTheme();
});
function reveal(part) {
  for (const hidden of part.querySelectorAll("[data-copy][hidden], [data-theme-toggle][hidden], [data-drop-hint][hidden]")) {
    hidden.hidden = false;
  }
}
reveal(document);

// Drop zone: a file dropped on it is a file chosen in it.
for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = zone.querySelector("input[type=file]");
  const over = (on) => (event) => {
    event.preventDefault();
    zone.toggleAttribute("data-over", on);
  };
  zone.addEventListener("dragenter", over(true));
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  const chosen = document.createElement("p");
  chosen.className = "chosen";
  chosen.setAttribute("aria-live", "polite");
  zone.append(chosen);
  input.addEventListener("change", () => {
    chosen.textContent = [...input.files].map((f) => f.name).join(", ");
    zone.toggleAttribute("data-chosen", input.files.length > 0);
  });
}

// Confirm: the sentence and the name of the effect come from the form.
function ask(form, submitter) {
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  dialog.setAttribute("aria-labelledby", "confirm-text");
  const text = document.createElement("p");
  text.id = "confirm-text";
  text.textContent = form.dataset.confirm;
  const cancel = document.createElement("button");
  cancel.className = "btn";
  cancel.type = "button";
  cancel.textContent = "Cancel";
  const go = document.createElement("button");
  go.className = "btn danger solid";
  go.type = "button";
  go.textContent = form.dataset.confirmButton || submitter?.textContent.trim() || "Continue";
  const buttons = document.createElement("div");
  buttons.className = "btns";
  buttons.append(cancel, go);
  dialog.append(text, buttons);
  document.body.append(dialog);
  cancel.addEventListener("click", () => dialog.close());
  go.addEventListener("click", () => {
    form.dataset.confirmed = "";
    dialog.close();
    form.requestSubmit(submitter);
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  cancel.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !("confirmed" in form.dataset)) {
    event.preventDefault();
    ask(form, event.submitter);
    return;
  }
  delete form.dataset.confirmed;
  // A form that opens a new tab: this one goes on to where its result appears.
  if (form.dataset.then) setTimeout(() => location.assign(form.dataset.then), 800);
  if (!("once" in form.dataset)) return;
  if (form.hasAttribute("aria-busy")) {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
});
// A page that comes back from the browser's cache may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
});

// A form that came back: go to its first problem. Otherwise the one question of a sign-in page takes the focus.
const problem = document.querySelector("[aria-invalid=true]");
if (problem) problem.focus();
else if (!location.hash) document.querySelector(".auth .panel .input:not([type=hidden])")?.focus({ preventScroll: true });
// What was just done stands at the top; on a page that opens further down it is said once more where the eye is.
const done = document.querySelector(".page > .note[role=status]");
if (done && location.hash.length > 1) say(done.textContent.trim());
// A link to a folded part unfolds it.
function unfold() {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", unfold);
unfold();

// Live: a part with data-live looks again after so many seconds, for a quarter of an hour. Nobody's focus or selection is taken away.
const liveUntil = Date.now() + 15 * 60 * 1000;
async function look() {
  const part = document.querySelector("[data-live]");
  if (!part || Date.now() > liveUntil) return;
  // Also while another tab is in front: whoever comes back from it finds the result.
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(part.id);
    const busy = part.contains(document.activeElement) || part.contains(getSelection().anchorNode) && !getSelection().isCollapsed;
    if (answer.ok && !answer.redirected && fresh && !busy && fresh.textContent !== part.textContent) {
      part.replaceWith(fresh);
      reveal(fresh);
    }
  } catch { /* the server is away for a moment: the next look may find it */ }
  setTimeout(look, Number(document.querySelector("[data-live]")?.dataset.live ?? 5) * 1000);
}
if (document.querySelector("[data-live]")) setTimeout(look, 2000);

// A page that only carries an answer on to another site: its form goes by itself.
document.querySelector("form[data-auto-submit]")?.requestSubmit();
