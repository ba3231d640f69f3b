/* The board: cards are dragged, and the small form of a move opens as a dialog. Without this the menus do the same. */
"use strict";

(() => {
  function columnsDrag(board) {
    if (!window.Sortable) return;
    for (const column of board.querySelectorAll("[data-lf-column]")) {
      window.Sortable.create(column, {
        group: "board",
        sort: false, // the order within a column is by what is due
        draggable: "[data-lf-card]",
        filter: "details, a, button",
        preventOnFilter: false,
        // A finger scrolls; held down it drags.
        delay: 250,
        delayOnTouchOnly: true,
        ghostClass: "lf-card--ghost",
        onEnd: (event) => dropped(board, event),
      });
    }
  }

  function dropped(board, event) {
    if (event.from === event.to) return;
    // It goes back at once: the server says where it is, after what the move asks for.
    event.from.insertBefore(event.item, event.from.children[event.oldIndex] || null);
    const address = `${board.dataset.lfBoard}lead=${event.item.dataset.lfCard}&to=${event.to.dataset.lfColumn}`;
    window.htmx.ajax("GET", address, { target: "#board", swap: "outerHTML" });
  }

  function openDialog(board) {
    const dialog = board.querySelector("dialog[data-lf-modal]");
    if (!dialog) return;
    dialog.removeAttribute("open"); // not close(): its event would come later, and mean the dialog below
    dialog.showModal();
    dialog.addEventListener("close", () => dialog.remove());
  }

  function mount() {
    const board = document.getElementById("board");
    if (!board || board.dataset.lfMounted) return;
    board.dataset.lfMounted = "true";
    columnsDrag(board);
    openDialog(board);
  }

  document.addEventListener("htmx:load", mount);
  document.addEventListener("DOMContentLoaded", mount);
})();
