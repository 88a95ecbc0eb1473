// What the browser has to do itself: dialogs, theme, clipboard, and saying that the connection is gone.
(() => {
  const root = document.documentElement;

  // Theme: kept in this browser; "system" keeps nothing.
  const kept = () => { try { return localStorage.getItem("voltaxe-theme"); } catch { return null; } };
  const applyTheme = () => {
    const choice = kept();
    if (choice === "dark" || choice === "light") root.dataset.theme = choice; else delete root.dataset.theme;
    markTheme();
  };
  const markTheme = () => {
    const choice = root.dataset.theme ?? "system";
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      const pressed = String(button.dataset.themeChoice === choice);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
  };
  const chooseTheme = choice => {
    try { choice === "system" ? localStorage.removeItem("voltaxe-theme") : localStorage.setItem("voltaxe-theme", choice); } catch { /* private window: it holds for this page */ }
    if (choice === "system") delete root.dataset.theme; else root.dataset.theme = choice;
    markTheme();
  };
  applyTheme();
  addEventListener("storage", e => { if (e.key === "voltaxe-theme") applyTheme(); });

  const announce = text => { const place = document.getElementById("announce"); if (place) place.textContent = text; };

  const copy = async (button, text, done) => {
    try {
      await navigator.clipboard.writeText(text);
      announce(done);
      button.dataset.copied = "true";
      setTimeout(() => delete button.dataset.copied, 1500);
    } catch {
      announce("The browser did not allow copying.");
    }
  };

  // Lost circuit: Blazor's script writes the state into a class; what is shown gets an age, and nothing can be ordered.
  let lostAt = null;
  const ago = ms => { const s = Math.floor(ms / 1000); return s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`; };
  const circuit = () => {
    const modal = document.getElementById("components-reconnect-modal");
    const lost = !!modal && /components-reconnect-(show|failed|rejected)/.test(modal.className);
    if (lost) {
      lostAt ??= Date.now();
      root.dataset.circuit = "lost";
      // As a popover it lies above an open dialog, which would cover it.
      if (!modal.matches(":popover-open")) modal.showPopover();
      document.getElementById("circuit-age").textContent = ago(Date.now() - lostAt);
      // A restarted hub does not know this screen any more. Nobody is typing: load it anew; somebody is: they press the button.
      if (modal.classList.contains("components-reconnect-rejected") && !document.querySelector("dialog[open]")) location.reload();
    } else if (lostAt !== null) {
      lostAt = null;
      delete root.dataset.circuit;
      if (modal.matches(":popover-open")) modal.hidePopover();
    }
  };
  const blocked = e => lostAt !== null && e.target instanceof Element && e.target.closest(".shell") && e.target.closest("button, input, select, textarea, form") && !e.target.closest("[data-theme-choice]");
  for (const kind of ["click", "submit", "change", "input"])
    addEventListener(kind, e => {
      if (!blocked(e)) return;
      e.preventDefault();
      e.stopImmediatePropagation();
      // Leaving a dialog needs nobody's answer.
      if (kind === "click" && e.target.closest("[data-dismiss]")) e.target.closest("dialog").close();
      else announce("Actions are off until the connection is back.");
    }, true);

  // Ctrl+Enter in an open dialog does what it is for; Enter alone never does.
  addEventListener("keydown", e => {
    if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey) || e.repeat || !(e.target instanceof Element)) return;
    const confirm = e.target.closest("dialog[open]")?.querySelector("[data-confirm]");
    if (!confirm) return;
    e.preventDefault();
    confirm.click();
  });

  addEventListener("click", async e => {
    const target = e.target instanceof Element ? e.target.closest("[data-theme-choice], [data-copy], [data-copy-text], [data-reload], [data-reconnect]") : null;
    if (!target) return;
    if (target.dataset.themeChoice) chooseTheme(target.dataset.themeChoice);
    else if (target.dataset.copy) await copy(target, new URL(target.dataset.copy, document.baseURI).href, "Address copied.");
    else if (target.dataset.copyText) await copy(target, target.dataset.copyText, "Copied.");
    else if ("reload" in target.dataset) location.reload();
    else if ("reconnect" in target.dataset && !(await Blazor.reconnect())) location.reload();
  });

  // A page that does not become live: what stands between the browser and the hub is named, not waited for.
  const live = () => !!document.querySelector(".shell");
  const opensSocket = () => new Promise(done => {
    let socket;
    const end = opened => { clearTimeout(limit); done(opened); try { socket?.close(); } catch { /* never opened */ } };
    const limit = setTimeout(() => end(false), 3000);
    try {
      socket = new WebSocket(new URL("_blazor", document.baseURI).href.replace(/^http/, "ws"));
      socket.onopen = () => end(true);
      socket.onerror = () => end(false);
    } catch {
      end(false);
    }
  });
  const negotiates = async () => {
    try {
      return (await fetch("_blazor/negotiate?negotiateVersion=1", { method: "POST", headers: { "X-Requested-With": "XMLHttpRequest" } })).status;
    } catch {
      return 0;
    }
  };
  const reasons = async () => {
    if (typeof Blazor === "undefined") return ["The page's script did not load: _framework/blazor.web.js does not come through as a script."];
    const [status, socket] = await Promise.all([negotiates(), opensSocket()]);
    if (status === 401) return ["You are not signed in any more. Load the page again."];
    const found = [];
    const origins = (document.querySelector("meta[name=voltaxe-origins]")?.content ?? "").split(" ").filter(o => URL.canParse(o)).map(o => new URL(o));
    if (origins.length > 0 && !origins.some(o => o.origin === location.origin)) {
      const said = `The hub was asked as ${origins[0].origin}, your browser is at ${location.origin}.`;
      found.push(origins[0].host === location.host
        ? `${said} The proxy in between must send X-Forwarded-Proto, and Voltaxe:TrustedProxies must name it.`
        : `${said} The proxy in between must pass on the Host header, or send X-Forwarded-Host and be named in Voltaxe:TrustedProxies.`);
    }
    if (status === 0) found.push("The hub does not answer.");
    else if (status === 403) found.push("The hub refused the connection as coming from another site.");
    else if (status >= 300) found.push(`The hub's address for live connections, _blazor/negotiate, answers ${status}: the proxy in between must pass on every path and method.`);
    else if (!socket) found.push("WebSockets do not get through: the proxy in between must pass on the Upgrade, Connection and Origin headers.");
    return found.length > 0 ? found : ["Nothing was found that stands in the way; the hub's log may say more."];
  };
  const isPolling = () => performance.getEntriesByType("resource").some(e => /\/_blazor\?id=/.test(e.name) && /fetch|xmlhttprequest/.test(e.initiatorType));
  const explain = async triesLeft => {
    const [why, note] = [document.getElementById("boot-why"), document.getElementById("transport-note")];
    if (!live()) {
      if (why.hidden) why.textContent = "Still no live connection after 5 seconds. Looking for the reason …";
      why.hidden = false;
      const found = await reasons();
      if (!live()) why.textContent = ["Still no live connection to the hub.", ...found].join(" ");
    } else if (isPolling()) {
      // It works, and whoever runs the proxy should know.
      note.textContent = ["This screen is live by one request after the other, which is slower.", ...await reasons()].join(" ");
      note.hidden = false;
      return;
    }
    if (triesLeft > 0) setTimeout(() => explain(triesLeft - 1), 5000);
  };

  // Where each page in the history was scrolled to. Rows come after their page, over the circuit: the browser's own restoring would come
  // to nothing, or move the page before. It is done again with every change of the page, until somebody moves or all is there.
  history.scrollRestoration = "manual";
  const places = (() => { try { return JSON.parse(sessionStorage.getItem("voltaxe-places")) ?? {}; } catch { return {}; } })();
  const entry = () => window.navigation?.currentEntry?.key ?? `${history.state?._index ?? 0} ${location.pathname}${location.search}`;
  const keepPlaces = () => {
    const newest = Object.entries(places).slice(-200);
    try { sessionStorage.setItem("voltaxe-places", JSON.stringify(Object.fromEntries(newest))); } catch { /* private window: it holds for this page */ }
  };
  let wanted = null, giveUp = 0, settled = 0;
  const isHere = () => {
    const at = document.querySelector("main[data-at]")?.dataset.at;
    return at === undefined ? live() : new URL(at, document.baseURI).href === location.href.split("#")[0];
  };
  const place = () => {
    if (wanted === null || !isHere()) return;
    if (root.scrollHeight - innerHeight >= wanted && Math.abs(scrollY - wanted) > 1) scrollTo({ top: wanted, behavior: "instant" });
    if (Math.abs(scrollY - wanted) <= 1 && !document.querySelector("[data-testid=skeleton]")) settled ||= setTimeout(letGo, 700);
  };
  const letGo = () => { clearTimeout(giveUp); clearTimeout(settled); wanted = null; settled = 0; };
  const goBack = () => {
    letGo();
    wanted = places[entry()] ?? 0;
    giveUp = setTimeout(letGo, 10000);
    place();
  };
  addEventListener("popstate", goBack);
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) addEventListener(kind, letGo, { capture: true, passive: true });
  addEventListener("scroll", () => {
    if (wanted !== null) place();
    else { const key = entry(); delete places[key]; places[key] = Math.round(scrollY); }
  }, { passive: true });
  addEventListener("pagehide", keepPlaces);
  if (["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type)) goBack();

  addEventListener("DOMContentLoaded", () => {
    markTheme();
    if (document.getElementById("boot-why")) setTimeout(() => explain(5), 5000);
    new MutationObserver(() => { markTheme(); place(); }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-at"] });
    const modal = document.getElementById("components-reconnect-modal");
    if (modal) new MutationObserver(circuit).observe(modal, { attributes: true, attributeFilter: ["class"] });
    setInterval(circuit, 1000);
  });

  window.voltaxe = {
    openDialog: dialog => { if (dialog && !dialog.open) dialog.showModal(); },
    closeDialog: dialog => { if (dialog && dialog.open) dialog.close(); },
  };
})();
