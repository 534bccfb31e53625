// A thread that speaks one clause at a time: reads its text, asks the net, and posts the sound.
import { ClauseReader } from '../clause-reader.ts';
import { memberData, serve } from '../crew-member.ts';
import type { KokoroJob, KokoroManner, KokoroWorkerData } from './kokoro-job.ts';
import { KokoroNet } from './net.ts';
import { cutClause } from './speech.ts';

const data = memberData() as KokoroWorkerData;
const net = await KokoroNet.load(data.folder, data.threads);
const reader = await ClauseReader.load<KokoroManner>(data, async (ids, _clause, { manner: { style, pace, gain }, speed }) =>
  cutClause(await net.recite(ids, style, pace * speed), gain),
);
serve((job: KokoroJob, port) => reader.perform(job, port));
