// The tones of a telephone's keys (ITU-T Q.23) as samples, for lines that carry sound and nothing else.

const rowsHz = [697, 770, 852, 941] as const;
const columnsHz = [1209, 1336, 1477, 1633] as const;
const keys = ['123A', '456B', '789C', '*0#D'] as const;

/** Each tone, and the silence after it. Q.24 asks receivers to take 40 ms of either; twice that and more is heard everywhere. */
export const toneMs = 100;
export const restMs = 100;
/** What `w` stands for. */
export const waitMs = 500;
/** Of each of the two tones: -9 dB below full scale together stay clear of clipping in G.711, and above what receivers ask for. */
const peak = 5800;
/** A tone begins and ends softly: an edge is a click across all frequencies, which receivers take for speech. */
const rampMs = 3;

/** Whether all of these are keys, or waits. */
export function areDigits(digits: string): boolean {
  return /^[0-9*#A-Dw]+$/i.test(digits);
}

/** The keys pressed one after another: 100 ms each with 100 ms of silence after it, and half a second of silence for each `w`. Others are left out. */
export function dtmfTones(digits: string, rateHz: number): Int16Array {
  const pieces = [...digits].map((digit) => toneOf(digit, rateHz));
  const whole = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function toneOf(digit: string, rateHz: number): Int16Array {
  const samplesOf = (ms: number) => Math.round((ms * rateHz) / 1000);
  if (digit.toLowerCase() === 'w') return new Int16Array(samplesOf(waitMs));
  const row = keys.findIndex((each) => each.includes(digit.toUpperCase()));
  if (row < 0) return new Int16Array(0);
  const lowHz = rowsHz[row] ?? 0;
  const highHz = columnsHz[keys[row]?.indexOf(digit.toUpperCase()) ?? 0] ?? 0;
  const length = samplesOf(toneMs);
  const ramp = samplesOf(rampMs);
  const samples = new Int16Array(length + samplesOf(restMs));
  for (let i = 0; i < length; i++) {
    const radians = (2 * Math.PI * i) / rateHz;
    const loudness = Math.min(1, i / ramp, (length - 1 - i) / ramp);
    samples[i] = Math.round(peak * loudness * (Math.sin(lowHz * radians) + Math.sin(highHz * radians)));
  }
  return samples;
}
