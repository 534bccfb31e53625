// A thread that hears with Whisper.
import { modelFolder, serveSegments } from '../segmented/serve-segments.ts';
import { WhisperModel } from './model.ts';

await serveSegments(await WhisperModel.load(modelFolder()));
