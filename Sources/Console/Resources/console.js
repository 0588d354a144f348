// The console works without this; with it, parts of a page keep themselves up to date.
"use strict";

// <div id="fleet" data-live="/live/fleet"> takes its contents from the event "fleet" of that stream.
for (const element of document.querySelectorAll("[data-live]")) {
  const stream = new EventSource(element.dataset.live);
  stream.addEventListener(element.id, (event) => {
    // What somebody types in, or has come to by keyboard, is left alone until they are done: it would lose the focus.
    const focused = document.activeElement;
    if (element.contains(focused) && focused.matches("input, select, textarea, :focus-visible")) return;
    element.innerHTML = event.data;
  });
  addEventListener("pagehide", () => stream.close());
}

// <span data-ends="1764000000"> says how long there is, by the clock of the server when it made the page.
const made = document.querySelector("[data-now]");
if (made) {
  const ahead = Date.now() / 1000 - Number(made.dataset.now);
  setInterval(() => {
    for (const element of document.querySelectorAll("[data-ends]")) {
      const left = Math.ceil(Number(element.dataset.ends) + ahead - Date.now() / 1000);
      element.textContent = left > 0 ? `, in about ${left} s` : ", at any moment";
    }
  }, 1000);
}

// <button data-copy="…"> copies its text.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || !navigator.clipboard) return;
  navigator.clipboard.writeText(button.dataset.copy).then(() => {
    button.dataset.copied = "yes";
    setTimeout(() => delete button.dataset.copied, 1500);
  });
});

// A form is sent once: the second click of a double click does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
