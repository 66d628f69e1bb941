/* What a listener does with the mixes of a page, as plain data: who is A, what was given to whom, how long it was heard.
   It knows no page and no sound. Places count from 0 in the order shown: place 0 is A. */
const AutomixSheet = (function () {
  "use strict";

  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const HEARD_S = 0.5; // Less than this is a slip of the finger, not listening.
  const WORDS = ["bad", "poor", "fair", "good", "excellent"];

  /** Return a random whole number below n, each as likely. */
  function below(n) {
    const box = new Uint32Array(1);
    const limit = Math.floor(0x100000000 / n) * n;
    do crypto.getRandomValues(box);
    while (box[0] >= limit);
    return box[0] % n;
  }

  /** Return 0 to n - 1 in random order. */
  function shuffled(n) {
    const order = Array.from({ length: n }, (_, number) => number);
    for (let last = n - 1; last > 0; last -= 1) {
      const other = below(last + 1);
      [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
  }

  /** Return the sheet of one song: `order[place]` is the number of the mix in the file. */
  function sheetOf(song) {
    const filled = (value) => song.sounds.map(() => value);
    return {
      song: song,
      order: shuffled(song.sounds.length),
      ratings: filled(null),
      seconds: filled(0),
      switches: filled(0),
      comments: filled(""),
    };
  }

  /** Return all that one go through a page needs: the songs in random order, and a name of the go of its own. */
  function begin(songs) {
    const box = crypto.getRandomValues(new Uint32Array(2));
    return {
      session: Array.from(box, (value) => value.toString(16).padStart(8, "0")).join(""),
      sheets: shuffled(songs.length).map((number) => sheetOf(songs[number])),
    };
  }

  /** Return the letters of what has not been heard, and of what has not been rated. */
  function missing(sheet) {
    const letters = (is) => sheet.order.map((_, place) => LETTERS[place]).filter((_, place) => is(place));
    return {
      heard: letters((place) => sheet.seconds[place] < HEARD_S),
      rated: letters((place) => sheet.ratings[place] === null),
    };
  }

  /** Return what stands behind the places of a sheet: mixer, file, gain_db. */
  function unsealed(song) {
    const bytes = Uint8Array.from(atob(song.sealed), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  /** Return one row per mix, in the order shown. */
  function rows(go, page, listener, date) {
    return go.sheets.flatMap(function (sheet, songPlace) {
      const names = unsealed(sheet.song);
      return sheet.order.map((number, place) => ({
        listener: listener,
        date: date.toISOString(),
        session: go.session,
        page: page,
        song: sheet.song.name,
        song_order: songPlace + 1,
        order: place + 1,
        label: LETTERS[place],
        mixer: names[number].mixer,
        file: names[number].file,
        rating: sheet.ratings[place],
        seconds_listened: sheet.seconds[place].toFixed(1),
        switches: sheet.switches[place],
        comment: sheet.comments[place],
        gain_db: names[number].gain_db,
      }));
    });
  }

  /** Return a cell of a CSV file; what a spreadsheet would compute becomes text. */
  function cell(value) {
    const isNumber = typeof value === "number" || /^-?[0-9.]+$/.test(value);
    const text = !isNumber && /^[=+\-@\t\r]/.test(value) ? "'" + value : String(value);
    return /[",;\t\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  /** Return rows as a CSV file, which begins with the mark by which spreadsheets know UTF-8. */
  function csv(columns, table) {
    const lines = [columns, ...table.map((row) => columns.map((name) => row[name]))];
    return "\ufeff" + lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
  }

  /** Return the word of the scale for a rating. */
  const word = (rating) => WORDS[Math.min(Math.floor(rating / 20), 4)];

  return { LETTERS, WORDS, HEARD_S, begin, missing, unsealed, rows, csv, word };
})();
