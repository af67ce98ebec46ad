// The page as a whole: light mode, drawers on narrow screens, the seconds of a wait, jumps between tabs.
(() => {
  const light = () => document.body.classList.remove("dark");
  document.addEventListener("DOMContentLoaded", light);
  new MutationObserver(light).observe(document.documentElement, { subtree: true, attributeFilter: ["class"] });

  // A tab that is not there yet, or does not listen yet, is asked again.
  const openTab = (id, tries = 100) => {
    const tab = document.getElementById(id);
    if (tab?.getAttribute("aria-selected") === "true" || !tries) return;
    tab?.click();
    setTimeout(() => openTab(id, tries - 1), 100);
  };

  window.coursemate = {
    goTo: (tab) => openTab(`cm-tab-${tab}-button`),
    drawer(side, open) {
      const chat = document.querySelector("#cm-chat")?.classList;
      const name = `cm-${side}-open`;
      const show = open ?? !chat?.contains(name);
      chat?.remove("cm-left-open", "cm-right-open");
      if (show) chat?.add(name);
    },
    narrow: () => matchMedia("(max-width: 1000px)").matches,
    atBottom: true,
  };

  document.addEventListener("click", (event) => {
    const jump = event.target.closest("[data-act=tab]");
    if (jump) window.coursemate.goTo(jump.dataset.tab);
    const tab = event.target.closest(":is(#cm-tabs, #cm-sections, #cm-bench) > .tab-wrapper [role=tab]");
    tab?.scrollIntoView({ inline: "center", block: "nearest" });
    const toggle = event.target.closest("[data-drawer]");
    if (toggle) window.coursemate.drawer(toggle.dataset.drawer);
    else if (event.target.closest("#cm-middle")) {
      if (!event.target.closest("[data-act=cite]")) window.coursemate.drawer("", false);
    }
  });
  // What runs is drawn anew while it runs, and a button that is replaced under the pointer never hears its click.
  document.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse") event.target.closest("[data-act=stop]")?.click();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") window.coursemate.drawer("", false);
    if (event.key === "Enter" && event.target.matches("[role=button][data-act]")) event.target.click();
  });

  // A reload shows the tab that was open, and the step in it, however one came there.
  addEventListener("pagehide", () => {
    const open = document.querySelectorAll(
      ":is(#cm-tabs, #cm-sections, #cm-bench) > .tab-wrapper [role=tab][aria-selected=true]",
    );
    for (const tab of open) {
      if (tab.offsetParent) sessionStorage.setItem(tab.id.startsWith("cm-section") ? "cm-section" : "cm-tab", tab.id);
    }
  });
  for (const name of ["cm-tab", "cm-section"]) {
    const id = sessionStorage.getItem(name);
    if (id) openTab(id);
  }

  // How long the reader has been waiting, counted by this clock.
  const since = new WeakMap();
  setInterval(() => {
    for (const place of document.querySelectorAll(".cm-elapsed")) {
      if (!since.has(place)) since.set(place, performance.now());
      const seconds = (performance.now() - since.get(place)) / 1000;
      const words = seconds < 1 ? "" : `${Math.floor(seconds)}s`;
      if (place.textContent !== words) place.textContent = words;
    }
  }, 250);

  // Follow the answer while it grows, unless the reader has scrolled away.
  const follow = () => {
    const scroll = document.querySelector("#cm-scroll");
    if (!scroll || scroll.dataset.followed) return;
    scroll.dataset.followed = "yes";
    scroll.addEventListener("scroll", () => {
      window.coursemate.atBottom = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
    });
    new MutationObserver(() => {
      if (window.coursemate.atBottom) scroll.scrollTop = scroll.scrollHeight;
    }).observe(scroll, { childList: true, subtree: true, characterData: true });
  };
  const waiting = setInterval(() => {
    follow();
    if (document.querySelector("#cm-scroll")?.dataset.followed) clearInterval(waiting);
  }, 200);
})();
