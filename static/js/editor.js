/* The editor of a draft. Every field is a form that works by itself; this sends it when it is left, puts the answer
   into place without disturbing what is being typed, and adds keys, sliders and dragging. */
"use strict";

(() => {
  const root = document.querySelector("[data-lf-editor]");
  if (!root) return;
  const POLL_MILLISECONDS = 3_000;
  const RETRY_MILLISECONDS = 5_000;
  const NEWS_MILLISECONDS = 30_000;
  const isReadonly = root.classList.contains("lf-editor--readonly");
  root.classList.add("lf-editor--scripted");

  // --- What has been typed stays -----------------------------------------------------------------------------
  // A form with data-lf-unsaved holds what the server does not have. Only the answer to that very form may replace
  // it; whatever else arrives goes around it. Its hidden “seen” stays with it, so that the server can tell what
  // its editor saw.
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) => {
    if (!(old instanceof HTMLElement) || !(fresh instanceof HTMLElement)) return true;
    if (old.matches("form[data-lf-unsaved]") && (!fresh.hasAttribute("data-lf-answer") || isAhead(old))) return false;
    // What others did stays to be read, until there is something newer.
    if (old.matches("[data-lf-news]") && !fresh.childElementCount) return false;
    return !old.matches("details[data-lf-menu][open] > ol");
  };
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.matches("details"));
  Idiomorph.defaults.callbacks.beforeNodeRemoved = (node) =>
    !(node instanceof HTMLElement && node.matches(".lf-known *"));

  // Whether somebody has gone on in the form since that was sent which is being answered.
  function isAhead(form) {
    return queue.some((job) => job.form === form && (job !== current?.job || job.sent !== valuesOf(form)));
  }
  const valuesOf = (form) => new URLSearchParams(new FormData(form)).toString();

  root.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-lf-autosave]");
    if (form) form.dataset.lfUnsaved = "";
    mirrorSlider(event.target);
  });

  // --- Sending, one after another ----------------------------------------------------------------------------
  // In the order in which things were done, and never two at once: an older answer cannot undo a newer one.
  const queue = [];
  let isBusy = false;
  let retry = 0;

  const pageData = () => [...root.querySelectorAll("[data-lf-sync]")].map((input) => [input.name, input.value]);
  const since = () => root.querySelector("[data-lf-sync][name=since]").value;

  function say(text, isWrong = false) {
    const label = root.querySelector("[data-lf-saved-text]");
    if (!label) return;
    label.textContent = text;
    label.closest("[data-lf-saved]").classList.toggle("lf-editor__saved--wrong", isWrong);
  }

  function send(form, submitter) {
    const data = new FormData(form, submitter);
    if (!form.hasAttribute("data-lf-autosave") || form.querySelector("select[name=group]")) data.set("seen", since());
    queue.push({ verb: "POST", url: (submitter && submitter.getAttribute("formaction")) || form.getAttribute("action"), data, form, sent: valuesOf(form) });
    pump();
  }

  function ask(extra) {
    queue.push({ verb: "GET", url: root.dataset.changesUrl, data: new FormData(), extra });
    pump();
  }

  async function pump() {
    if (isBusy) return;
    isBusy = true;
    while (queue.length) {
      const job = queue[0];
      const values = new FormData();
      for (const [name, value] of [...job.data.entries(), ...pageData(), ...(job.extra || [])]) values.append(name, value);
      if (job.verb === "POST") say("Saving …");
      const status = await request(job, values);
      if (status === 0 || status >= 500) {
        if (job.verb === "GET") queue.shift();
        say(status === 0 ? "Not saved: the server cannot be reached. Trying again …" : "Not saved: the server failed. Trying again …", true);
        window.clearTimeout(retry);
        retry = window.setTimeout(pump, RETRY_MILLISECONDS);
        break;
      }
      queue.shift();
      tell(job, status);
    }
    isBusy = false;
  }

  // What the bar says when nothing is under way: the server's “All changes saved” does not know what waits here.
  function tell(job, status) {
    if (job.verb === "POST" && status >= 400 && status !== 409 && status !== 422) {
      say(`Not saved (${status}). Reload the page; what you typed is still here to copy.`, true);
    } else if (root.querySelector(".lf-cell__problem")) {
      say("Not saved: see the field", true);
    } else if (root.querySelector(".lf-conditions__pending")) {
      say("Not saved yet: a value is missing", true);
    } else if (job.verb === "POST" && !queue.length) {
      say("All changes saved");
    }
  }

  let current = null;
  function request(job, values) {
    return new Promise((resolve) => {
      current = { job, status: 0 };
      const finish = () => {
        const { status } = current;
        current = null;
        resolve(status);
      };
      window.htmx
        .ajax(job.verb, job.url, { source: root, target: root, swap: "none", values })
        .then(finish, finish);
    });
  }

  root.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.target !== root || !current) return;
    current.status = event.detail.xhr.status;
    const { form } = current.job;
    // Saved, and nothing was typed since it was sent: what arrives may be shown.
    if (form && current.status < 400 && !isAhead(form)) delete form.dataset.lfUnsaved;
  });
  // Said in the bar, beside what is not saved; a message for each attempt would be too many.
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    root.addEventListener(name, (event) => {
      if (event.target === root) event.stopPropagation();
    });
  }
  window.addEventListener("online", pump);
  window.addEventListener("beforeunload", (event) => {
    if (queue.some((job) => job.verb === "POST")) event.preventDefault();
  });

  window.setInterval(() => {
    if (!document.hidden && !isBusy && !queue.length) ask();
  }, POLL_MILLISECONDS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !isBusy && !queue.length) ask();
  });

  let forget = 0;
  document.body.addEventListener("draft-changed", () => {
    window.clearTimeout(forget);
    forget = window.setTimeout(() => root.querySelector("[data-lf-news]").replaceChildren(), NEWS_MILLISECONDS);
  });

  // --- Forms ---------------------------------------------------------------------------------------------------
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-lf-autosave]");
    if (!form) return;
    if (event.target.matches("[data-lf-slider]")) return;
    form.dataset.lfUnsaved = "";
    send(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-lf-edit]");
    if (!form) return;
    event.preventDefault();
    send(form, event.submitter);
    if (event.submitter && event.submitter.matches("[data-lf-done]")) form.closest("[data-lf-toast]").remove();
  });

  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-lf-toggle]");
    if (toggle && root.contains(toggle)) {
      event.preventDefault();
      openOrClose(toggle);
    }
    if (event.target.closest("[data-lf-keys]")) document.getElementById("editor-keys").showModal();
  });

  function openOrClose(toggle) {
    const key = toggle.dataset.lfToggle;
    const open = document.querySelector(`#details-${CSS.escape(key)} [name=open]`);
    if (open) open.remove();
    ask([["show", key], ...(open ? [] : [["open", key]])]);
  }

  document.body.addEventListener("editor-focus", (event) => {
    const field = document.getElementById(event.detail.id);
    if (!field) return;
    field.focus();
    field.select();
  });

  // --- Sliders ---------------------------------------------------------------------------------------------------
  const numberOf = (text) => Number(text.replace("−", "-"));
  function mirrorSlider(input) {
    if (input.matches("[data-lf-slider]")) {
      const field = document.getElementById(input.dataset.lfSlider);
      field.value = input.value.replace("-", "−");
      field.closest("form").dataset.lfUnsaved = "";
      return;
    }
    const slider = root.querySelector(`[data-lf-slider="${CSS.escape(input.id)}"]`);
    if (slider && input.value && !Number.isNaN(numberOf(input.value))) slider.value = numberOf(input.value);
  }
  root.addEventListener("change", (event) => {
    if (event.target.matches("[data-lf-slider]")) send(document.getElementById(event.target.dataset.lfSlider).closest("form"));
  });

  // --- Keys --------------------------------------------------------------------------------------------------------
  const isText = (element) => element.matches("input:not([type=checkbox], [type=range], [type=hidden]), textarea");
  const isTyping = (element) => isText(element) && element.value !== element.defaultValue;

  function inColumn(field, step) {
    const column = [...root.querySelectorAll(`#draft-sheet [data-lf-column="${field.dataset.lfColumn}"]`)];
    return column[column.indexOf(field) + step];
  }
  function beside(field, step) {
    const row = [...field.closest(".lf-rule__row").querySelectorAll("[data-lf-column]")];
    return row[row.indexOf(field) + step];
  }
  function go(field) {
    if (!field) return false;
    field.focus();
    field.select();
    return true;
  }
  function leave(field) {
    // Fires “change” if there was one.
    field.blur();
    field.focus();
  }
  function revert(field) {
    const form = field.closest("form");
    field.value = field.defaultValue;
    mirrorSlider(field);
    if (form) delete form.dataset.lfUnsaved;
    field.select();
    if (form && form.querySelector(".lf-cell__problem")) {
      const data = new FormData(form);
      data.set("choice", "keep");
      queue.push({ verb: "POST", url: form.getAttribute("action"), data, form, sent: valuesOf(form) });
      pump();
    }
  }

  root.addEventListener("keydown", (event) => {
    const field = event.target;
    const rule = field.closest("[data-lf-rule]");
    if (rule && event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
      event.preventDefault();
      if (!isReadonly) move(rule, event.key === "ArrowUp" ? "up" : "down");
    } else if (rule && event.ctrlKey && event.key === "Enter") {
      event.preventDefault();
      openOrClose(rule.querySelector("[data-lf-toggle]"));
    } else if (!isText(field)) {
      return;
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!field.dataset.lfColumn || !go(inColumn(field, event.shiftKey ? -1 : 1))) leave(field);
    } else if (event.key === "Escape") {
      revert(field);
    } else if (field.dataset.lfColumn) {
      arrows(event, field);
    }
  });

  function arrows(event, field) {
    if (event.shiftKey || event.ctrlKey || event.metaKey) return;
    const all = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    const atStart = all || (field.selectionStart === 0 && field.selectionEnd === 0);
    const atEnd = all || field.selectionStart === field.value.length;
    const target = {
      ArrowUp: () => inColumn(field, -1),
      ArrowDown: () => inColumn(field, 1),
      ArrowLeft: () => atStart && beside(field, -1),
      ArrowRight: () => atEnd && beside(field, 1),
    }[event.key];
    if (target && go(target())) event.preventDefault();
  }

  function move(rule, action) {
    const data = new FormData();
    data.set("key", rule.dataset.lfRule);
    data.set("action", action);
    queue.push({ verb: "POST", url: root.dataset.arrangeUrl, data });
    pump();
  }

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (isReadonly) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y") && !isTyping(field)) {
      event.preventDefault();
      const isRedo = key === "y" || event.shiftKey;
      const button = document.getElementById(isRedo ? "draft-redo" : "draft-undo");
      if (button && !button.disabled) send(button.form, button);
    } else if (event.key === "?" && !(isText(field) || field.matches("select"))) {
      document.getElementById("editor-keys").showModal();
    }
  });

  // A cell is there to be overwritten, as in a spreadsheet; a press with the mouse puts the cursor where it is.
  root.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-lf-column].lf-num")) event.target.select();
  });

  // --- Dragging ----------------------------------------------------------------------------------------------------
  function place(path, values) {
    const data = new FormData();
    data.set("path", path);
    data.set("seen", since());
    for (const [name, value] of Object.entries(values)) data.set(name, value);
    queue.push({ verb: "POST", url: root.dataset.saveUrl, data });
    pump();
  }
  const common = { animation: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120, delayOnTouchOnly: true, delay: 120 };

  function makeSortable() {
    if (isReadonly) return;
    for (const list of root.querySelectorAll("[data-lf-rules]")) {
      if (window.Sortable.get(list)) continue;
      window.Sortable.create(list, {
        ...common,
        group: `rules-${list.dataset.lfDimension}`,
        handle: "[data-lf-handle]",
        draggable: "[data-lf-rule]",
        onEnd: ({ item, from, to, oldIndex, newIndex }) => {
          if (from === to && oldIndex === newIndex) return;
          const next = item.nextElementSibling;
          place(`rules.${item.dataset.lfRule}.place`, { group: to.dataset.lfRules, before: next ? next.dataset.lfRule : "" });
        },
      });
    }
    for (const list of root.querySelectorAll("[data-lf-groups]")) {
      if (window.Sortable.get(list)) continue;
      window.Sortable.create(list, {
        ...common,
        handle: "[data-lf-group-handle]",
        draggable: "[data-lf-group]",
        onEnd: ({ item, oldIndex, newIndex }) => {
          if (oldIndex === newIndex) return;
          const next = item.nextElementSibling;
          place(`groups.${item.dataset.lfGroup}.place`, { before: next ? next.dataset.lfGroup : "" });
        },
      });
    }
  }
  document.body.addEventListener("htmx:afterSettle", makeSortable);
  makeSortable();
})();
