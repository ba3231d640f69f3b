/* The queue by keyboard. Comfort only: each key presses a button or a link that is on the page. */
"use strict";

(() => {
  const STORED = "leadfunnel-queue-keys";
  const WORD_MILLISECONDS = 1500; // letters typed within this are one word

  const queue = () => document.getElementById("queue");
  const rows = () => [...document.querySelectorAll("#queue [data-lf-row]")];
  const help = () => document.getElementById("queue-keys");
  const isOn = () => window.localStorage.getItem(STORED) !== "off";

  const rowOf = (element) => (element ? element.closest("[data-lf-row]") : null);
  const current = () => rowOf(document.activeElement);

  function goTo(row) {
    if (!row) return;
    row.querySelector("[data-lf-row-link]").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows();
    const at = all.indexOf(current() || shown());
    goTo(all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]);
  }

  const press = (root, selector) => {
    const button = root && root.querySelector(selector);
    if (button) button.click();
  };

  // Without a row chosen, a key speaks of the one in the panel, or else of the first: the most urgent.
  const search = () => document.querySelector("[data-lf-search]");
  const bulk = () => document.querySelector("[data-lf-bulk]");
  const hasSelection = () => Boolean(document.querySelector("#queue [data-lf-select]:checked"));
  const shown = () => document.querySelector("#queue [data-lf-row][data-lf-shown]");
  const chosen = () => current() || shown() || rows()[0];

  // --- Rejecting: a number, or the first letters, of a reason -------------------------------------------------
  const openMenu = () => document.querySelector("[data-lf-desk] [data-lf-reasons][open]");
  const reasons = (menu) => [...menu.querySelectorAll("[data-lf-reason]")];

  function openReasons(row) {
    const menu = row && row.querySelector("[data-lf-reasons]");
    if (!menu) return;
    menu.open = true;
    reasons(menu)[0].focus();
  }

  let typed = "";
  let typedAt = 0;
  function find(menu, letter, event) {
    const now = event.timeStamp;
    typed = now - typedAt < WORD_MILLISECONDS ? typed + letter : letter;
    typedAt = now;
    const found = reasons(menu).find((button) => button.dataset.lfReason.toLowerCase().startsWith(typed));
    if (found) found.focus();
  }

  function inMenu(menu, event) {
    if (/^[0-9]$/.test(event.key)) {
      const button = reasons(menu)[event.key === "0" ? 9 : Number(event.key) - 1];
      if (button) button.click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = reasons(menu);
      const next = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      (all[next] || all[0]).focus();
    } else if (/^\p{L}$/u.test(event.key)) {
      find(menu, event.key.toLowerCase(), event);
    } else {
      return;
    }
    event.preventDefault();
  }

  // --- Until when? A dialog above whatever is there ---------------------------------------------------------------
  const snooze = () => document.querySelector("[data-lf-snooze]");

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "queue-snooze" && !snooze().open) snooze().showModal();
    if (event.target.id === "queue" && snooze().open) snooze().close();
  });
  document.addEventListener("keydown", (event) => {
    if (!snooze() || !snooze().open || !/^[1-9]$/.test(event.key)) return;
    const button = snooze().querySelectorAll("[data-lf-number]")[Number(event.key) - 1];
    if (button) button.click();
  });

  // --- Keys ---------------------------------------------------------------------------------------------------------
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    a: () => (hasSelection() ? press(queue(), "[data-lf-key='accept-all']") : press(chosen(), "[data-lf-key='accept']")),
    r: () => openReasons(hasSelection() ? bulk() : chosen()),
    x: () => {
      const row = chosen();
      press(row, "[data-lf-select]");
      if (!current()) goTo(row); // j goes on from here
    },
    o: () => press(document, "[data-lf-panel-page]"),
    s: () => press(chosen(), "[data-lf-key='snooze']"),
    c: () => press(chosen(), "[data-lf-key='claim']"),
    u: () => press(queue(), "[data-lf-key='undo']"),
    "/": () => {
      search().focus();
      search().select();
    },
    "?": () => help().showModal(),
  };

  const isTyping = (element) =>
    !element.matches("[type=checkbox]") &&
    (element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName));

  // A key that is pressed while a decision is on its way would mean the row that is about to go.
  let isBusy = false;
  for (const failed of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failed, () => {
      isBusy = false;
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !queue() || document.querySelector("dialog[open]")) return;
    if (isBusy || isTyping(event.target) || (!isOn() && event.key !== "?")) return;
    const menu = openMenu();
    if (menu && menu.contains(event.target)) {
      inMenu(menu, event);
      return;
    }
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // --- After a decision the next lead is there at once ------------------------------------------------------------
  let place = 0;
  let before = new Set(); // what stood in the list when it was asked to change
  let isUndo = false;
  document.addEventListener("htmx:beforeRequest", (event) => {
    const asked = event.detail.target ? event.detail.target.id : "";
    if (asked !== "queue" && asked !== "queue-snooze") return;
    const row = rowOf(event.target) || shown();
    if (row) place = rows().indexOf(row);
    if (asked !== "queue") return;
    isBusy = true;
    before = new Set(rows().map((one) => one.dataset.lfRow));
    isUndo = Boolean(event.target.closest("[data-lf-undo]"));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (["queue-panel", "queue-snooze"].includes(event.target.id) && event.detail.requestConfig?.verb === "post") {
      isBusy = false; // refused: it says why
      focusNote();
    }
    if (event.target.id !== "queue") return;
    isBusy = false;
    if (current() || focusNote()) return;
    if (document.activeElement?.closest("#queue-filters")) return; // whoever is choosing filters goes on there
    const all = rows();
    // What was taken back is what one wants to decide anew.
    const back = isUndo ? all.find((row) => !before.has(row.dataset.lfRow)) : undefined;
    goTo(back || all[Math.min(place, all.length - 1)]);
  });

  // Refused: it needs a note.
  function focusNote() {
    const menu = openMenu();
    if (menu) menu.querySelector("textarea").focus();
    return Boolean(menu);
  }

  // --- Help, and switching the keys off -----------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-lf-keys-help]")) help().showModal();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-lf-keys-on]")) return;
    window.localStorage.setItem(STORED, event.target.checked ? "on" : "off");
  });
  document.addEventListener("DOMContentLoaded", () => {
    const box = document.querySelector("[data-lf-keys-on]");
    if (box) box.checked = isOn();
  });
})();
