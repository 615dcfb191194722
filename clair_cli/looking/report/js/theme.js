// Light or dark: as the system says, until somebody chooses.

import { find } from "./dom.js";

export function theme(changed) {
  const button = find("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    changed();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    show();
  });
  system.addEventListener("change", show);
  // Paper is light: what is drawn has to be drawn again for it.
  window.addEventListener("beforeprint", () => {
    document.documentElement.classList.add("printing");
    changed();
  });
  window.addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    changed();
  });
  show();
}
