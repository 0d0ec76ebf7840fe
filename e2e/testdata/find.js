// How the tests find things on a page: by the words a person reads. Evaluated in front of one call of these functions.

const squeeze = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const shown = (e) => e.getClientRects().length > 0 && e.checkVisibility({ visibilityProperty: true });

/** The text without what only screen readers get and without the second face of a copy button. */
function bare(element) {
  const copy = element.cloneNode(true);
  for (const hidden of copy.querySelectorAll(".vh, .done, svg, [aria-hidden=true]")) hidden.remove();
  return squeeze(copy.textContent);
}

function names(element) {
  const by = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)).filter(Boolean);
  return [bare(element), squeeze(element.textContent), squeeze(element.getAttribute("aria-label")), squeeze(by.map(bare).join(" ")), element.value ?? ""]
    .filter(Boolean);
}

/** Keeps what stands near a text: in the smallest row, form or section that holds it. Without a text, keeps all. */
function near(found, text) {
  if (!text) return found;
  const distance = (element) => {
    for (let box = element.closest("tr, li, form, section, dialog, dl"); box; box = box.parentElement?.closest("tr, li, form, section, dialog, dl, main")) {
      if (squeeze(box.textContent).includes(text)) return box.textContent.length;
    }
    return Infinity;
  };
  const all = found.map((element) => [distance(element), element]).filter(([d]) => d < Infinity);
  const least = Math.min(...all.map(([d]) => d));
  return all.filter(([d]) => d === least).map(([, element]) => element);
}

function control(name, text) {
  const all = [...document.querySelectorAll("button, a[href], summary, input[type=submit]")].filter(shown);
  let found = near(all.filter((e) => names(e).includes(name)), text);
  if (found.length === 0) found = near(all.filter((e) => names(e).some((n) => n.startsWith(name))), text);
  return found[0];
}

function field(label, text) {
  const labels = [...document.querySelectorAll("label")].filter((l) => bare(l) === label || squeeze(l.textContent) === label);
  const labelled = labels.map((l) => l.control ?? document.getElementById(l.htmlFor)).filter(Boolean);
  const direct = [...document.querySelectorAll("input, select, textarea")].filter((e) => e.getAttribute("aria-label") === label);
  return near([...labelled, ...direct], text).find((e) => shown(e) || e.type === "file");
}

/** Where to click, once the element is in view, or who is in the way. */
function point(element) {
  if (!element) return { missing: true };
  element.scrollIntoView({ block: "center", behavior: "instant" });
  if (element.disabled) return { missing: false, problem: "it is disabled" };
  const box = element.getClientRects()[0];
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  const top = document.elementFromPoint(x, y);
  if (!top || !(element.contains(top) || top.contains(element))) {
    return { missing: false, problem: `it is covered by <${top?.tagName.toLowerCase()} class="${top?.className}">` };
  }
  return { missing: false, x, y };
}

const kind = (element) => !element ? "" : element.localName === "input" ? element.type : element.localName;

function pick(select, option) {
  const found = [...select.options].find((o) => squeeze(o.text) === option || o.value === option || squeeze(o.text).startsWith(option));
  if (!found) return false;
  select.value = found.value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

const loaded = () => document.readyState === "complete" && window.gatehouseSeen === undefined;
const asking = () => document.querySelector("dialog.confirm[open]") !== null;
const confirming = () => point([...document.querySelectorAll("dialog.confirm[open] button")].at(-1));
