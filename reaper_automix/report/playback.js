/* Playback of several variants of one piece of audio, of which one is heard: an engine that knows no page.

   const player = AutomixPlayback.create({
     context: () => new AudioContext(),   // called at the first sound, in answer to a click or a key
     read: (id) => "base64 ...",          // the encoded audio of a sound, as a browser decodes it
     lengthS: 20.5,                       // how long sounds are, unless use() says so; what an encoder adds is cut off
     loops: true,                         // false: it ends at the end, and is no longer playing then
     delayS: 0.025,                       // what the encoder puts before it; most browsers cut that off themselves
   });
   player.use([{ sound: "before", gains: [1, 1], level: 0.8 }, { sound: "after", level: 1 }])   // a promise
   player.use([...], { startS: 62, lengthS: 12 })   // sounds that are this part of a longer time line
   player.choose(1); player.setLevels([1, 1]); player.play(); player.pause(); player.seek(3.2);
   player.isPlaying(); player.positionS(); player.chosen();

   `sound` is decoded when it is first used, once, however many variants name it; `gains` are those of its left and
   right channel (a mono sound is heard in both), `level` is what the variant is multiplied with, so that all are equally
   loud. All variants of a set start at one sample of the audio clock and play on together, in a loop; only the chosen one
   is let through. A switch, another level, another set, a jump, start and end are straight fades of `fadeS`: the gains of
   the old and the new variant add up to one all the way (equal gain: two variants of one recording are alike, and equal
   power would make a bump of up to 3 dB). */
const AutomixPlayback = (function () {
  "use strict";

  const FADE_S = 0.02;
  const LEAD_S = 0.02; // Changes are set so much ahead of the audio clock, which runs on while this thread works.
  const EDGE_S = 0.005; // So long are the fades at both ends of a sound, so that the loop closes without a click.
  const MOST_BYTES = 200 * 1024 * 1024; // Decoded audio beyond this is let go, the longest unused first.

  /** Return the bytes that a base64 text holds. */
  function bytesOf(base64) {
    const text = atob(base64.trim());
    const bytes = new Uint8Array(text.length);
    for (let n = 0; n < text.length; n += 1) bytes[n] = text.charCodeAt(n);
    return bytes.buffer;
  }

  /** Return decoded audio of exactly the length that was encoded, with soft ends. */
  function fitted(context, decoded, lengthS, delayS) {
    const rate = decoded.sampleRate;
    const length = Math.max(Math.round(lengthS * rate), 1);
    const delay = Math.round(delayS * rate);
    const start = delay > 0 && decoded.length - length >= delay ? delay : 0;
    const edge = Math.min(Math.round(EDGE_S * rate), Math.floor(length / 2));
    const whole = context.createBuffer(decoded.numberOfChannels, length, rate);
    for (let channel = 0; channel < decoded.numberOfChannels; channel += 1) {
      const samples = whole.getChannelData(channel);
      samples.set(decoded.getChannelData(channel).subarray(start, start + length));
      for (let n = 0; n < edge; n += 1) {
        samples[n] *= n / edge;
        samples[length - 1 - n] *= n / edge;
      }
    }
    return whole;
  }

  /** A gain that moves in straight lines from where it is, also when it is told anew on its way. */
  function ramp(param, value) {
    let from = value;
    let to = value;
    let start = 0;
    let end = 0;
    param.setValueAtTime(value, 0);
    function at(time) {
      if (time >= end) return to;
      return time <= start ? from : from + ((to - from) * (time - start)) / (end - start);
    }
    return {
      to: function (target, time, fadeS) {
        const held = at(time);
        param.cancelScheduledValues(time);
        param.linearRampToValueAtTime(held, time); // As it would have come here by itself.
        param.linearRampToValueAtTime(target, time + fadeS);
        [from, to, start, end] = [held, target, time, time + fadeS];
      },
    };
  }

  /** Connect a sound to a node through one gain per side. */
  function connectSides(context, source, channels, gains, target) {
    const merger = context.createChannelMerger(2);
    const splitter = channels > 1 ? context.createChannelSplitter(2) : source;
    if (channels > 1) source.connect(splitter);
    for (let side = 0; side < 2; side += 1) {
      const gain = context.createGain();
      gain.gain.value = gains[side];
      splitter.connect(gain, channels > 1 ? side : 0);
      gain.connect(merger, 0, side);
    }
    merger.connect(target);
  }

  /** All variants of one set, started at one time from one position. */
  function deck(context, variants, buffers, chosen, position, time, fadeS, loops, ended) {
    const out = context.createGain();
    const outRamp = ramp(out.gain, 0);
    const sources = [];
    const gains = variants.map(function (variant, n) {
      const gain = context.createGain();
      const source = context.createBufferSource();
      source.buffer = buffers[n];
      source.loop = loops;
      connectSides(context, source, buffers[n].numberOfChannels, variant.gains || [1, 1], gain);
      gain.connect(out);
      sources.push(source);
      return ramp(gain.gain, n === chosen ? variant.level : 0);
    });
    out.connect(context.destination);
    sources.forEach((source) => source.start(time, position));
    sources[0].onended = function () {
      out.disconnect();
      ended();
    };
    outRamp.to(1, time, fadeS);
    return {
      let: function (number, levels, when, duration) {
        gains.forEach((gain, n) => gain.to(n === number ? levels[n] : 0, when, duration));
      },
      end: function (when, duration) {
        outRamp.to(0, when, duration);
        sources.forEach((source) => source.stop(when + duration));
      },
    };
  }

  /** Decoded sounds; the longest unused are let go where there are too many. */
  function library(settings) {
    const kept = new Map();
    const sizeOf = (buffer) => buffer.length * buffer.numberOfChannels * 4;
    async function decoded(context, id, lengthS) {
      // The form with functions: older versions of Safari know no other.
      const audio = await new Promise((done, failed) => {
        const broken = (error) => failed(error || new Error("no audio"));
        const promised = context.decodeAudioData(bytesOf(settings.read(id)), done, broken);
        if (promised) promised.catch(broken); // Both are told; a promise that nobody hears is an error of its own.
      });
      return fitted(context, audio, lengthS, settings.delayS || 0);
    }
    function letGo(needed) {
      let total = 0;
      const newest = [...kept.entries()].reverse();
      newest.forEach(function ([id, entry]) {
        total += entry.bytes;
        if (total > (settings.mostBytes || MOST_BYTES) && !needed.includes(id)) kept.delete(id);
      });
    }
    function get(context, id, lengthS) {
      const entry = kept.get(id) || { buffer: decoded(context, id, lengthS), bytes: 0 };
      kept.delete(id);
      kept.set(id, entry);
      entry.buffer.then((buffer) => (entry.bytes = sizeOf(buffer))).catch(() => kept.delete(id));
      return entry.buffer;
    }
    return {
      get: async function (context, ids, lengthS) {
        const buffers = await Promise.all(ids.map((id) => get(context, id, lengthS)));
        letGo(ids);
        return buffers;
      },
      size: () => kept.size,
    };
  }

  /** Make a player; see the head of this file. */
  function create(settings) {
    const fadeS = settings.fadeS || FADE_S;
    const loops = settings.loops !== false;
    const sounds = library(settings);
    let context = null;
    let variants = [];
    let buffers = null;
    let chosen = 0;
    let playing = null; // The deck that sounds.
    let wanted = 0; // Counts the sets asked for: what was decoded for an older one is not played.
    let startedAtS = 0;
    let fromS = 0; // On the time line, as everything that is called a position.
    let span = { startS: 0, lengthS: settings.lengthS || 0 };

    /** Make the context where there is none, and wake it: browsers let that happen only right in a click or a key. */
    function ready() {
      context = context || settings.context();
      if (context.state === "suspended" && !context.startRendering) return context.resume();
      return Promise.resolve();
    }
    const soon = () => context.currentTime + LEAD_S;
    const levels = () => variants.map((variant) => variant.level);

    function positionAt(time) {
      const passed = fromS - span.startS + (playing ? Math.max(time - startedAtS, 0) : 0);
      return span.startS + (loops ? passed % span.lengthS : Math.min(passed, span.lengthS));
    }
    /** Return a position if it lies in the present span, else its start. */
    const within = (position) =>
      position >= span.startS && position < span.startS + span.lengthS ? position : span.startS;
    function start(time, position) {
      [startedAtS, fromS] = [time, position];
      const offset = position - span.startS;
      const started = deck(context, variants, buffers, chosen, offset, time, fadeS, loops, function () {
        if (playing === started) [playing, fromS] = [null, span.startS]; // It came to its end by itself.
      });
      playing = started;
    }
    function restart(time, position) {
      playing.end(time, fadeS);
      start(time, position);
    }
    return {
      use: async function (set, ofTime) {
        wanted += 1;
        const mine = wanted;
        ready();
        const next = ofTime || { startS: 0, lengthS: settings.lengthS };
        const found = await sounds.get(context, set.map((variant) => variant.sound), next.lengthS);
        if (mine !== wanted) return false;
        const time = soon();
        const reached = buffers ? positionAt(time) : fromS;
        span = next;
        variants = set.map((variant) => Object.assign({ level: 1 }, variant));
        buffers = found;
        chosen = Math.min(chosen, set.length - 1);
        if (playing) restart(time, within(reached));
        else fromS = within(reached);
        return true;
      },
      play: async function () {
        if (playing || !buffers) return;
        await ready();
        if (!playing) start(soon(), within(fromS));
      },
      pause: function () {
        if (!playing) return;
        const time = soon();
        fromS = positionAt(time);
        playing.end(time, fadeS);
        playing = null;
      },
      seek: function (position) {
        const end = span.startS + span.lengthS - 0.001;
        const to = buffers ? Math.min(Math.max(position, span.startS), end) : position;
        if (playing) restart(soon(), to);
        else fromS = to;
      },
      choose: function (number) {
        chosen = number;
        if (playing) playing.let(chosen, levels(), soon(), fadeS);
      },
      setLevels: function (values) {
        variants = variants.map((variant, n) => Object.assign({}, variant, { level: values[n] }));
        if (playing) playing.let(chosen, levels(), soon(), fadeS);
      },
      isPlaying: () => playing !== null,
      positionS: () => (context && playing ? positionAt(context.currentTime) : fromS),
      chosen: () => chosen,
      decodedSounds: () => sounds.size(),
    };
  }

  return { create: create, bytesOf: bytesOf };
})();
