/* The page: shows the sheets of a go one after the other, plays what is chosen, and saves at the end. */
(function () {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const go = AutomixSheet.begin(data.songs);
  let player = null; // Of the song that is shown: those of the others would hold their sounds in memory.
  let place = 0; // Of the song in the go.
  let rowsShown = [];
  let countedAtMs = null;
  let running = false; // Between Begin and Finish.
  let saved = null;
  let audio = null;

  const sheet = () => go.sheets[place];
  const many = go.sheets.length > 1;
  const clock = (seconds) => Math.floor(seconds / 60) + ":" + String(Math.floor(seconds % 60)).padStart(2, "0");

  /** Return a new element with attributes and children; text never becomes markup. */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...children);
    return element;
  }

  function say(text) {
    if (at("status").textContent !== text) at("status").textContent = text; // What stays is not read out again.
  }

  // --- sound --------------------------------------------------------------------------------------------------------

  function context() {
    audio = audio || new AudioContext();
    return audio;
  }

  function playerOf(song) {
    return AutomixPlayback.create({
      context: context,
      read: (id) => at(id).textContent,
      lengthS: song.lengthS,
      delayS: song.delayS,
    });
  }

  /** Load the mixes in the order shown, and the reference last. */
  async function load() {
    const mine = sheet();
    player = playerOf(mine.song);
    const shown = mine.order.map((number) => mine.song.sounds[number]);
    if (mine.song.reference) shown.push(mine.song.reference);
    say("Loading the sound …");
    at("play").disabled = true;
    try {
      await player.use(shown.map((sound) => ({ sound: sound.id, level: sound.level })));
    } catch (error) {
      say("This browser cannot play the sound of this page (" + error.message + "). Try another, up-to-date browser.");
      return;
    }
    if (mine !== sheet() || !running) return;
    at("play").disabled = false;
    tell();
  }

  /** Add the time since it was last added to what is heard now. */
  function count() {
    const nowMs = performance.now();
    const chosen = player.chosen();
    if (running && countedAtMs !== null && player.isPlaying() && chosen < sheet().order.length) {
      const before = sheet().seconds[chosen];
      sheet().seconds[chosen] += (nowMs - countedAtMs) / 1000;
      if (before < AutomixSheet.HEARD_S) tell();
    }
    countedAtMs = nowMs;
  }

  async function play() {
    if (at("play").disabled) return;
    count();
    const chosen = player.chosen();
    if (sheet().switches[chosen] === 0) sheet().switches[chosen] = 1; // It was chosen from the start.
    await player.play();
    showPlaying();
  }

  function pause() {
    count();
    player.pause();
    showPlaying();
  }

  const toggle = () => (player.isPlaying() ? pause() : play());

  /** Hear what stands at a place of the sheet, and play if it does not yet. */
  function choose(number) {
    if (at("play").disabled) return;
    count();
    if (player.chosen() !== number && number < sheet().order.length) sheet().switches[number] += 1;
    player.choose(number);
    if (!player.isPlaying()) play();
    showPlaying();
  }

  function showPlaying() {
    const playing = player.isPlaying();
    at("play").textContent = playing ? "Pause" : "Play";
    const chosen = player.chosen();
    rowsShown.forEach(function (row, number) {
      row.item.classList.toggle("chosen", number === chosen);
      row.button.setAttribute("aria-pressed", String(number === chosen));
    });
    at("reference").setAttribute("aria-pressed", String(chosen === sheet().order.length));
  }

  function showTime() {
    if (!running) return;
    count();
    const positionS = player.positionS();
    at("position").value = positionS;
    at("time").textContent = clock(positionS) + " / " + clock(sheet().song.lengthS);
    at("position").setAttribute("aria-valuetext", clock(positionS) + " of " + clock(sheet().song.lengthS));
    if ((at("play").textContent === "Pause") !== player.isPlaying()) showPlaying();
  }

  // --- the sheet ----------------------------------------------------------------------------------------------------

  function showRating(row, number) {
    const rating = sheet().ratings[number];
    const isRated = rating !== null;
    row.item.classList.toggle("rated", isRated);
    row.value.textContent = isRated ? rating : "–";
    row.slider.value = isRated ? rating : 50;
    row.slider.setAttribute("aria-valuetext", isRated ? rating + ", " + AutomixSheet.word(rating) : "not rated yet");
  }

  function rate(row, number) {
    sheet().ratings[number] = Number(row.slider.value);
    showRating(row, number);
    tell();
  }

  function rowOf(number) {
    const letter = AutomixSheet.LETTERS[number];
    const row = {
      button: make("button", { type: "button", class: "letter", "aria-label": "Listen to " + letter }, letter),
      slider: make("input", { type: "range", min: 0, max: 100, autocomplete: "off", "aria-label": "Rating of " + letter }),
      value: make("span", { class: "value", "aria-hidden": "true" }),
      comment: make("input", {
        type: "text",
        class: "comment",
        maxlength: 500,
        autocomplete: "off",
        placeholder: "comment",
        "aria-label": "Comment on " + letter,
      }),
    };
    row.item = make("li", { class: "row" }, row.button, make("div", { class: "slider" }, row.slider), row.value, row.comment);
    row.button.addEventListener("click", () => choose(number));
    row.slider.addEventListener("input", () => rate(row, number));
    row.slider.addEventListener("pointerup", () => rate(row, number));
    row.slider.addEventListener("keydown", (event) => event.key === "Enter" && rate(row, number));
    row.comment.value = sheet().comments[number];
    row.comment.addEventListener("input", () => (sheet().comments[number] = row.comment.value));
    showRating(row, number);
    return row;
  }

  /** Say what is still to be done; return whether anything is. */
  function tell() {
    const missing = AutomixSheet.missing(sheet());
    const parts = [];
    if (missing.heard.length) parts.push("Still to listen to: " + missing.heard.join(", ") + ".");
    if (missing.rated.length) parts.push("Still to rate: " + missing.rated.join(", ") + ".");
    say(parts.join(" ") || "All rated; you can still listen and change.");
    return parts.length > 0;
  }

  function showSheet() {
    const heading = many ? "Song " + (place + 1) + " of " + go.sheets.length : "Listen and rate";
    at("song-heading").textContent = sheet().song.name ? heading + ": " + sheet().song.name : heading;
    rowsShown = sheet().order.map((_, number) => rowOf(number));
    at("rows").replaceChildren(...rowsShown.map((row) => row.item));
    at("reference-row").hidden = !sheet().song.reference;
    at("position").max = sheet().song.lengthS;
    at("back").hidden = !many;
    at("back").disabled = place === 0;
    at("next").textContent = place + 1 < go.sheets.length ? "Next song" : "Finish";
    load();
    showPlaying();
    at("song-heading").focus();
  }

  function turnTo(number) {
    pause();
    place = number;
    countedAtMs = null;
    showSheet();
  }

  function next() {
    count();
    if (tell()) {
      const missing = AutomixSheet.missing(sheet());
      const first = rowsShown[AutomixSheet.LETTERS.indexOf(missing.heard[0] || missing.rated[0])];
      (missing.heard.length ? first.button : first.slider).focus();
      say("Not yet. " + at("status").textContent);
    } else if (place + 1 < go.sheets.length) turnTo(place + 1);
    else finish();
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  function save() {
    const link = make("a", { href: URL.createObjectURL(new Blob([saved.text], { type: "text/csv" })), download: saved.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  function reveal(table) {
    at("revealed").replaceChildren(
      ...table.map(function (row) {
        const numbers = [row.rating, row.seconds_listened + " s", (row.gain_db > 0 ? "+" : "") + row.gain_db.toFixed(1) + " dB"];
        const cells = [...(many ? [row.song] : []), row.label, row.mixer].map((text) => make("td", {}, make("bdi", {}, text)));
        return make("tr", {}, ...cells, ...numbers.map((text) => make("td", { class: "n" }, String(text))));
      }),
    );
  }

  function finish() {
    pause();
    running = false;
    const listener = at("listener").value.trim();
    const date = new Date();
    const table = AutomixSheet.rows(go, data.page, listener, date);
    const who = listener.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") || "no-name";
    const day = date.toISOString().slice(0, 16).replace(/[-:]/g, "").replace("T", "-");
    saved = { text: AutomixSheet.csv(data.columns, table), name: "listening-" + who + "-" + day + ".csv" };
    at("saved-as").textContent = saved.name;
    reveal(table);
    at("sheet").hidden = true;
    at("end").hidden = false;
    at("end-heading").focus();
    save();
  }

  // --- keys ---------------------------------------------------------------------------------------------------------

  function onKey(event) {
    const target = event.target;
    if (!running || !at("keys").checked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.tagName === "INPUT" && target.type === "text") return;
    const number = AutomixSheet.LETTERS.indexOf(event.key.toUpperCase());
    if (event.key.length === 1 && number >= 0 && number < rowsShown.length) {
      choose(number);
      rowsShown[number].slider.focus();
    } else if (event.key === "0" && sheet().song.reference) choose(sheet().order.length);
    else if (event.key === " " && target.tagName !== "BUTTON" && target.type !== "checkbox") toggle();
    else return;
    event.preventDefault();
  }

  function begin(event) {
    event.preventDefault();
    running = true;
    at("start").hidden = true;
    at("sheet").hidden = false;
    showSheet();
  }

  at("begin-form").addEventListener("submit", begin);
  at("play").addEventListener("click", toggle);
  at("reference").addEventListener("click", () => choose(sheet().order.length));
  at("position").addEventListener("input", () => player.seek(Number(at("position").value)));
  at("back").addEventListener("click", () => turnTo(place - 1));
  at("next").addEventListener("click", next);
  at("save").addEventListener("click", save);
  document.addEventListener("keydown", onKey);
  setInterval(showTime, 100);
  window.addEventListener("beforeunload", function (event) {
    if (running) event.preventDefault(); // Ratings would be lost: the browser asks.
  });
  at("start").hidden = false;
})();
