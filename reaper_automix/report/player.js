(function () {
  "use strict";
  const root = document.getElementById("player");
  if (!root) return;
  const byId = (id) => document.getElementById(id);
  const Context = window.AudioContext || window.webkitAudioContext;
  if (!Context) {
    const said = byId("no-player");
    said.textContent = "No playback: this browser has no Web Audio. Open the file in a newer one.";
    said.hidden = false;
    return;
  }
  const told = JSON.parse(byId("playback").textContent);
  const solos = Array.from(document.querySelectorAll(".solo"));
  const soloButtons = Array.from(document.querySelectorAll(".solo button"));
  const variantButtons = [byId("variant-0"), byId("variant-1")];
  const names = ["before", "after"];
  const player = AutomixPlayback.create({
    context: () => new Context(),
    read: (number) => byId("sound-" + number).textContent,
    delayS: told.delayS,
  });
  let piece = 0;
  let variant = 1;
  let used = -1; // The piece that the engine has.
  let dragged = false;

  function clock(timeS) {
    const tenths = Math.round(timeS * 10);
    const seconds = (tenths % 600) / 10;
    return Math.floor(tenths / 600) + ":" + (seconds < 10 ? "0" : "") + seconds.toFixed(1);
  }
  const kind = () => (byId("match").checked ? "matched" : "plain");
  function say(text) {
    byId("player-status").textContent = text;
  }
  function show() {
    const playing = player.isPlaying();
    byId("play").textContent = playing ? "Pause" : "Play";
    variantButtons.forEach((button, n) => button.setAttribute("aria-pressed", String(n === variant)));
    soloButtons.forEach(function (button) {
      const on = playing && Number(button.dataset.piece) === piece && Number(button.dataset.variant) === variant;
      button.setAttribute("aria-pressed", String(on));
    });
    byId("piece").value = String(piece);
    byId("difference").textContent = told.pieces[piece].difference[kind()];
    root.classList.toggle("is-playing", playing);
  }
  function showPosition() {
    if (dragged) return;
    const slider = byId("position");
    const span = told.pieces[piece].span;
    const timeS = Math.min(Math.max(player.positionS(), span.startS), span.startS + span.lengthS);
    [slider.min, slider.max, slider.step] = [span.startS, span.startS + span.lengthS, 0.1];
    slider.value = String(timeS);
    slider.setAttribute("aria-valuetext", clock(timeS));
    byId("time").textContent = clock(timeS);
  }
  function follow() {
    showPosition();
    if (player.isPlaying()) requestAnimationFrame(follow);
  }
  function fail(error) {
    const said = byId("player-error");
    said.textContent = "This browser cannot play it (" + error.message + "). Open the file in another one.";
    said.hidden = false;
    show();
  }
  function sayWhatPlays() {
    say("Playing " + told.pieces[piece].title + ", " + names[variant] + "; " + told.pieces[piece].difference[kind()]);
  }

  /** Give the engine the piece that is wanted; false if another one is wanted by the time it is decoded. */
  async function bring() {
    const wanted = piece;
    if (used === wanted) return true;
    const levels = told.pieces[wanted][kind()];
    const set = told.pieces[wanted].variants.map((each, n) => Object.assign({ level: levels[n] }, each));
    if (!(await player.use(set, told.pieces[wanted].span))) return false;
    used = wanted;
    player.setLevels(told.pieces[wanted][kind()]); // The box may have been changed meanwhile.
    return true;
  }
  async function play() {
    say("Preparing " + told.pieces[piece].title);
    if (!(await bring())) return;
    player.choose(variant);
    const started = !player.isPlaying();
    await player.play();
    sayWhatPlays();
    show();
    if (started) follow();
  }
  function pause() {
    player.pause();
    say("Paused");
    show();
  }
  function toggle() {
    if (player.isPlaying()) pause();
    else play().catch(fail);
  }
  function choose(number) {
    variant = number;
    player.choose(number);
    show();
    if (player.isPlaying()) sayWhatPlays();
    else say("Chosen: " + names[number]);
  }
  function choosePiece(number) {
    piece = number;
    show();
    showPosition();
    if (player.isPlaying()) play().catch(fail);
  }
  function solo(button) {
    const same = button.getAttribute("aria-pressed") === "true";
    piece = Number(button.dataset.piece);
    variant = Number(button.dataset.variant);
    if (same) pause();
    else play().catch(fail);
    show();
  }
  function match() {
    if (used >= 0) player.setLevels(told.pieces[used][kind()]);
    show();
    say(told.pieces[piece].difference[kind()]);
  }

  /** Keys are for the page as long as nobody types, holds Ctrl or has switched them off. */
  function key(event) {
    const typing = event.target.closest("input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]");
    if (!byId("keys").checked || typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const actions = {
      p: toggle,
      x: () => choose(1 - variant),
      a: () => choose(0),
      b: () => choose(1),
    };
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  }

  byId("play").addEventListener("click", toggle);
  variantButtons.forEach((button, n) => button.addEventListener("click", () => choose(n)));
  soloButtons.forEach((button) => button.addEventListener("click", () => solo(button)));
  byId("piece").addEventListener("change", (event) => choosePiece(Number(event.target.value)));
  byId("match").addEventListener("change", match);
  byId("position").addEventListener("input", function (event) {
    dragged = true;
    byId("time").textContent = clock(Number(event.target.value));
    event.target.setAttribute("aria-valuetext", clock(Number(event.target.value)));
  });
  byId("position").addEventListener("change", function (event) {
    dragged = false;
    player.seek(Number(event.target.value));
    showPosition();
  });
  document.addEventListener("keydown", key);
  root.hidden = false;
  solos.forEach((each) => (each.hidden = false));
  show();
  showPosition();
})();
