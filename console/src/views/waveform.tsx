// The last seconds of both sides, rolling: who speaks with the agent above the line, the agent below.
import { useEffect, useRef } from 'preact/hooks';
import type { Trace } from '../audio/trace.ts';

const barWidth = 3;
const gap = 2;

interface WaveformProps {
  above: Trace;
  below: Trace;
  running: boolean;
  /** Who is which. */
  label: string;
}

export function Waveform({ above, below, running, label }: WaveformProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const slow = matchMedia('(prefers-reduced-motion: reduce)').matches;
    let frame = 0;
    let drawnAt = 0;
    const tick = (now: number) => {
      if (now - drawnAt > (slow ? 250 : 30)) {
        drawnAt = now;
        draw(element, above, below);
      }
      if (running) frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    const resized = new ResizeObserver(() => draw(element, above, below));
    resized.observe(element);
    return () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
    };
  }, [above, below, running]);
  return (
    <div class="waveform">
      <canvas ref={canvas} role="img" aria-label={`Loudness of the last seconds: ${label}`} />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, above: Trace, below: Trace): void {
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (!context) return;
  // The two colours come with the theme, on properties that are resolved when they are read.
  const { color: aboveColour, caretColor: belowColour, outlineColor: line } = getComputedStyle(canvas);
  const now = performance.now();
  above.advance(now);
  below.advance(now);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const middle = height / 2;
  const bars = Math.floor(width / (barWidth + gap));
  const perBar = above.peaks.length / bars;
  for (let bar = 0; bar < bars; bar++) {
    const x = width - (bar + 1) * (barWidth + gap);
    const up = tall(loudest(above, bar, perBar), middle);
    const down = tall(loudest(below, bar, perBar), middle);
    context.fillStyle = line;
    if (up === 0 && down === 0) context.fillRect(x, middle - 0.5, barWidth, 1);
    context.fillStyle = aboveColour;
    if (up > 0) context.fillRect(x, middle - up, barWidth, up);
    context.fillStyle = belowColour;
    if (down > 0) context.fillRect(x, middle, barWidth, down);
  }
}

function loudest(trace: Trace, bar: number, perBar: number): number {
  let most = 0;
  for (let age = Math.floor(bar * perBar); age < (bar + 1) * perBar; age++) most = Math.max(most, trace.peak(age));
  return most;
}

/** Quiet speech shows, too: height goes with the square root. */
function tall(peak: number, most: number): number {
  return peak < 0.004 ? 0 : Math.max(1.5, Math.sqrt(peak) * (most - 1));
}
